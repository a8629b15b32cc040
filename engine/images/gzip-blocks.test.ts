import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzipBlocks } from './gzip-blocks.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function packed(bytes: Buffer, size = 64 * 1024): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of gzipBlocks(inPieces(bytes, size))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const text = Buffer.from('some words that come again and again, '.repeat(80_000));
const megabyte = 1024 * 1024;

test.each([
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.from('x')],
  ['a block and nothing more', Buffer.alloc(megabyte, 'a')],
  ['a block and a byte', Buffer.alloc(megabyte + 1, 'a')],
  ['some megabytes of text', text],
  ['some megabytes of noise', randomBytes(3 * megabyte + 7)],
])('%s comes back', async (_, bytes) => {
  for (const size of [1000, 64 * 1024, 5 * megabyte]) {
    expect(gunzipSync(await packed(bytes, size)).equals(bytes)).toBe(true);
  }
  const unpacked = spawnSync('gzip', ['-dc'], { input: await packed(bytes), maxBuffer: 2 ** 30 });
  expect(unpacked.stdout.equals(bytes)).toBe(true);
});

test('text becomes much smaller, noise hardly larger', async () => {
  expect((await packed(text)).length).toBeLessThan(text.length / 20);
  const noise = randomBytes(4 * megabyte);
  expect((await packed(noise)).length).toBeLessThan(noise.length * 1.001);
});

test('what breaks the input breaks the output', async () => {
  async function* broken() {
    yield text;
    throw new Error('the disk is gone');
  }
  const read = async () => {
    for await (const _ of gzipBlocks(broken()));
  };
  await expect(read()).rejects.toThrow('the disk is gone');
});
