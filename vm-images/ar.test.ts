import { expect, test } from 'vitest';
import { readAr } from './ar.ts';

function member(name: string, contents: string): string {
  const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
  return `${header}${String(contents.length).padEnd(10)}\`\n${contents}${contents.length % 2 ? '\n' : ''}`;
}

test('reads members in their order, odd sizes padded', () => {
  const archive = Buffer.from(
    `!<arch>\n${member('debian-binary', '2.0\n')}${member('a/', 'odd')}${member('b', '')}`,
  );
  const members = readAr(archive).map(({ name, bytes }) => [name, bytes.toString()]);
  expect(members).toEqual([
    ['debian-binary', '2.0\n'],
    ['a', 'odd'],
    ['b', ''],
  ]);
});

test('refuses what is not whole', () => {
  const archive = Buffer.from(`!<arch>\n${member('data', 'contents')}`);
  expect(() => readAr(Buffer.from('PK'))).toThrow('not an ar archive');
  expect(() => readAr(archive.subarray(0, archive.length - 1))).toThrow('cut off');
  expect(() => readAr(archive.subarray(0, 30))).toThrow('damaged ar header');
  expect(() => readAr(Buffer.from(archive.toString().replace('`', '.')))).toThrow('damaged ar header at 8');
});
