import { expect, test } from 'vitest';
import { writeCpio } from './cpio.ts';

test('aligns members to four bytes and ends with the trailer', () => {
  const archive = writeCpio([
    { path: 'dev', type: 'directory', mode: 0o755 },
    { path: 'init', type: 'file', mode: 0o755, bytes: Buffer.from('12345') },
    { path: 'l', type: 'symlink', mode: 0o777, target: 'init' },
  ]);
  expect(archive.length % 4).toBe(0);
  const names: string[] = [];
  for (let at = 0; at < archive.length; ) {
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    names.push(`${archive.toString('latin1', at + 110, at + 110 + field(11) - 1)} ${field(1).toString(8)}`);
    at = Math.ceil((at + 110 + field(11)) / 4) * 4 + Math.ceil(field(6) / 4) * 4;
  }
  expect(names).toEqual(['dev 40755', 'init 100755', 'l 120777', 'TRAILER!!! 0']);
});

test('refuses hard links', () => {
  expect(() => writeCpio([{ path: 'a', type: 'hardlink', mode: 0o644, target: 'b' }])).toThrow('hard links');
});
