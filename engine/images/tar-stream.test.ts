import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveEnd, archiveEntries, archiveHeader, archivePadding, cleanName } from './tar-stream.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = bytes.length || 1) {
  const entries: { name: string; type: string; target: string; text: string }[] = [];
  for await (const entry of archiveEntries(inPieces(bytes, size))) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry.body) chunks.push(chunk);
    const { name, type, target } = entry;
    entries.push({ name, type, target, text: Buffer.concat(chunks).toString() });
  }
  return entries;
}

function file(name: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  const header = archiveHeader({ name, sizeBytes: bytes.length, mtime: 0 });
  return Buffer.concat([header, bytes, archivePadding(bytes.length)]);
}

describe('archives of tar(1)', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-tar-'));
    mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
    writeFileSync(join(directory, 'blobs/sha256/abc'), 'content');
    mkdirSync(join(directory, 'layer'));
    symlinkSync('../blobs/sha256/abc', join(directory, 'layer/layer.tar'));
    writeFileSync(join(directory, `${'long-'.repeat(40)}name`), 'x');
    writeFileSync(join(directory, 'empty'), '');
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each(['gnu', 'pax', 'ustar'])('format %s, in pieces of any size', async (format) => {
    const long = format === 'ustar' ? ['--exclude=long-*'] : [];
    const packed = spawnSync('tar', [
      '-cf',
      '-',
      `--format=${format}`,
      '--sort=name',
      ...long,
      '-C',
      directory,
      '.',
    ]);
    expect(packed.status).toBe(0);
    const whole = await read(packed.stdout);
    for (const size of [1, 511, 513, 4096]) expect(await read(packed.stdout, size)).toEqual(whole);
    const named = new Map(whole.map((entry) => [entry.name, entry]));
    expect(named.get('blobs/sha256/abc')).toMatchObject({ type: 'file', text: 'content' });
    expect(named.get('layer/layer.tar')).toMatchObject({ type: 'link', target: 'blobs/sha256/abc' });
    expect(named.get('empty')).toMatchObject({ type: 'file', text: '' });
    if (format !== 'ustar') expect(named.get(`${'long-'.repeat(40)}name`)?.text).toBe('x');
  });

  test('what we write is what tar reads', () => {
    const bytes = Buffer.concat([
      archiveHeader({ name: 'blobs/', directory: true, sizeBytes: 0, mtime: 1 }),
      file('blobs/a', 'hello'),
      archiveEnd,
    ]);
    const listed = spawnSync('tar', ['-tvf', '-'], { input: bytes, encoding: 'utf8' });
    expect(listed.status).toBe(0);
    expect(listed.stdout).toMatch(/^drwxr-xr-x 0\/0 +0 .* blobs\/\n-rw-r--r-- 0\/0 +5 .* blobs\/a\n$/);
  });
});

test('a file that is not read is skipped', async () => {
  const bytes = Buffer.concat([file('a', 'x'.repeat(5000)), file('b', 'y'), archiveEnd]);
  const names: string[] = [];
  for await (const entry of archiveEntries(inPieces(bytes, 700))) names.push(entry.name);
  expect(names).toEqual(['a', 'b']);
});

test('sizes beyond eight gigabytes stand in the header too', () => {
  const header = archiveHeader({ name: 'big', sizeBytes: 10 * 1024 ** 3, mtime: 0 });
  expect(header[124]).toBe(0x80);
  expect(header.readBigUInt64BE(128)).toBe(10n * 1024n ** 3n);
});

describe('hostile archives', () => {
  test('names that lead out are refused, others cleaned', () => {
    expect(cleanName('./a//b/../c')).toBe('a/c');
    expect(cleanName('/etc/passwd')).toBe('etc/passwd');
    for (const name of ['..', '../x', 'a/../../x', './../x'])
      expect(() => cleanName(name)).toThrow(/invalid path/);
  });

  const whole = Buffer.concat([file('a', 'hello'), file('b', 'world'), archiveEnd]);
  test.each([1, 511, 515, 1023, 1100])('an end after %d bytes is told', async (length) => {
    await expect(read(whole.subarray(0, length))).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringMatching(/^archive\/tar: (unexpected EOF|invalid tar header)$/),
    });
  });

  test('bytes changed at random give entries or archive-invalid, never anything else', async () => {
    let state = 3;
    const next = (below: number) => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state % below;
    };
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const bytes = Buffer.from(whole);
      for (let change = 0; change <= next(3); change++) bytes[next(bytes.length)] = next(256);
      await read(bytes).then(
        () => {},
        (error: { code: string }) => {
          expect(error.code).toBe('archive-invalid');
          refused += 1;
        },
      );
    }
    expect(refused).toBeGreaterThan(100);
  });
});
