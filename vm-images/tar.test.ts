import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readTar, type TreeEntry, writeTar } from './tar.ts';

const longName = `${'d'.repeat(120)}/${'f'.repeat(120)}`;
const entries: TreeEntry[] = [
  { path: '', type: 'directory', mode: 0o755 },
  { path: 'bin', type: 'symlink', mode: 0o777, target: 'usr/bin' },
  { path: 'long', type: 'symlink', mode: 0o777, target: longName },
  { path: longName, type: 'file', mode: 0o4755, bytes: Buffer.alloc(1000, 'x') },
  { path: 'tmp', type: 'directory', mode: 0o1777 },
  { path: 'again', type: 'hardlink', mode: 0o644, target: longName },
];

test('what it writes it reads', () => {
  expect(readTar(writeTar(entries, 0))).toEqual(entries);
});

test('the tar of the system reads what it writes, owned by root', () => {
  const result = spawnSync('tar', ['-tv', '--numeric-owner'], {
    input: writeTar(entries, 0),
    encoding: 'utf8',
  });
  expect(result.stderr).toBe('');
  const lines = result.stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(entries.length);
  expect(lines.every((line) => / 0\/0 /.test(line))).toBe(true);
  expect(lines[3]).toMatch(/^-rwsr-xr-x .* 1000 /);
  expect(lines[3]?.endsWith(longName)).toBe(true);
});

test('refuses paths that leave the tree, cut archives and devices', () => {
  const written = (path: string) =>
    writeTar([{ path, type: 'file', mode: 0o644, bytes: Buffer.from('x') }], 0);
  expect(() => readTar(written('a/../../b'))).toThrow('leaves its tree');
  expect(() => readTar(written('a').subarray(0, 512))).toThrow('cut off');
  const device = written('a');
  device.write('3', 156);
  expect(() => readTar(device)).toThrow('which no image needs');
});
