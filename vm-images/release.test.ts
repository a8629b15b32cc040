import { expect, test } from 'vitest';
import { parsePackages, parseRelease } from './release.ts';

test('reads digests of the lists', () => {
  const text =
    'Suite: stable\nMD5Sum:\n aa 1 main/x\nSHA256:\n bb 2 main/binary-amd64/Packages.xz\n cc 3 main/y\nEnd: 1\n';
  expect(Object.fromEntries(parseRelease(text))).toEqual({
    'main/binary-amd64/Packages.xz': 'bb',
    'main/y': 'cc',
  });
});

test('reads stanzas by name', () => {
  const text =
    'Package: a\nVersion: 1:2-3\nDepends: b (= 1)\nDescription: x\n Package: no\nFilename: pool/a.deb\nSize: 7\nSHA256: dd\n\nPackage: b\n';
  const packages = parsePackages(text);
  expect([...packages.keys()]).toEqual(['a', 'b']);
  expect(packages.get('a')).toMatchObject({
    Version: '1:2-3',
    Filename: 'pool/a.deb',
    Size: '7',
    SHA256: 'dd',
  });
});
