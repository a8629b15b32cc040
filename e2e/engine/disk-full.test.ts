import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';
import { makeSmallDisk, type SmallDisk } from './small-disk.ts';

const megabyte = 1024 * 1024;

let disk: SmallDisk;
let engine: TestEngine;
beforeAll(async () => {
  disk = makeSmallDisk(64 * megabyte);
  engine = await startEngine({ root: disk.path });
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  disk?.[Symbol.dispose]();
});

test('an image that does not fit is refused in words, and nothing of it stays', async () => {
  const before = readdirSync(join(engine.root, 'layers')).sort();
  const done = await engine.docker(['import', '-', 'big'], { input: tarOf(48 * megabyte) });
  expect(done.code).toBe(1);
  expect(done.stderr).toContain('no space left on device');
  expect((await engine.dockerText('images', '-q')).split('\n')).toHaveLength(1);
  expect(readdirSync(join(engine.root, 'layers')).sort()).toEqual(before);
  expect(readdirSync(join(engine.root, 'tmp'))).toEqual([]);
});

test('a full disk stops what would need it, and nothing else', async () => {
  await engine.dockerText('run', '-d', '--name', 'on', 'busybox', 'sleep', '1000');
  const fill = 'dd if=/dev/zero of=/v/a bs=64k; dd if=/dev/zero of=/v/b bs=1k; dd if=/dev/zero of=/v/c bs=1';
  const filled = await engine.docker([
    'run',
    '--name',
    'filler',
    '-v',
    'full:/v',
    'busybox',
    'sh',
    '-c',
    fill,
  ]);
  expect(filled.stderr).toContain('No space left on device');
  const refused = await engine.api('POST', '/containers/create?name=late', { body: { Image: 'busybox' } });
  expect(refused.status).toBe(507);
  expect(refused.json()).toMatchObject({
    message: expect.stringContaining('no space left on device'),
    berth: { code: 'disk-full' },
  });
  // What runs can be looked at, stopped and removed; that makes room.
  expect(await engine.dockerText('exec', 'on', 'echo', 'still')).toBe('still');
  await engine.dockerText('rm', '-f', 'on', 'filler');
  await engine.dockerText('volume', 'rm', 'full');
  expect(await engine.dockerText('ps', '-aq')).toBe('');
  const again = await engine.docker(['run', '--rm', '--name', 'late', 'busybox', 'echo', 'room']);
  expect(again).toMatchObject({ code: 0, stdout: 'room\n' });
});

/** A tar of one file whose bytes cannot be stored in fewer. */
function tarOf(sizeBytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write('big');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, randomBytes(sizeBytes), Buffer.alloc(1024)]);
}
