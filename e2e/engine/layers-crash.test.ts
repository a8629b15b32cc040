import {
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { VerifiedLayer } from '../../engine/api/layers.ts';
import { imageArchive } from './archive.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { storeContents } from './store-contents.ts';

/** The engine or the unpacker killed in the middle of a layer: no half layer, and what was acknowledged stays whole. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const seed = Number(process.env.BERTH_SEED ?? Date.now() % 100_000);

/** An image of layers that take a while; its contents, so its digests, are its number's. */
function slowImage(number: number): string {
  const layer = (level: number) => ({
    command: `layer ${level}`,
    entries: Array.from({ length: 800 }, (_, index) => ({
      name: `d${index % 40}/${'deep/'.repeat(index % 20)}f${index}`,
      data: `${number} ${level} ${index}`,
    })),
  });
  const file = join(engine.directory, `slow-${number}.tar`);
  writeFileSync(file, imageArchive({ tag: `slow:${number}`, layers: [layer(1), layer(2), layer(3)] }));
  return file;
}

/** Settles when names in tmp have changed so many times, or the command has ended. */
async function changesInTmp(count: number, ended: Promise<unknown>): Promise<void> {
  const watcher = watch(join(engine.root, 'tmp'));
  let seen = 0;
  const enough = new Promise<void>((resolve) =>
    watcher.on('change', () => {
      if (++seen >= count) resolve();
    }),
  );
  await Promise.race([enough, ended]);
  watcher.close();
}

async function verify(): Promise<VerifiedLayer[]> {
  const answer = await engine.api('POST', '/berth/layers/verify');
  return answer.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as VerifiedLayer);
}

function unpackers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const [program, task] = readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0');
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1];
        return program?.endsWith('/berth-unpack') && task === 'unpack' && Number(parent) === engine.pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

test(`the engine is killed while layers arrive (seed ${seed})`, async () => {
  let state = seed;
  for (let round = 0; round < 5; round++) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    const file = slowImage(round);
    const loading = engine.docker(['load', '-i', file]);
    await changesInTmp(1 + (state % 9), loading);
    await engine.stop('SIGKILL');
    const { code } = await loading;
    await engine.start();
    const after = storeContents(engine);
    expect(after.tmp, `round ${round}`).toEqual([]);
    for (const layer of await verify()) expect(layer, `round ${round}`).toMatchObject({ ok: true });
    if (code === 0)
      expect(await engine.dockerText('image', 'inspect', '-f', 'ok', `slow:${round}`)).toBe('ok');
    // The next try finds what was finished and does the rest.
    await engine.dockerText('load', '-i', file);
    expect(await engine.dockerText('run', '--rm', 'busybox', 'echo', 'alive')).toBe('alive');
  }
  const layers = await verify();
  expect(layers.length).toBe(storeContents(engine).layers.length);
  expect(layers.every(({ ok }) => ok)).toBe(true);
});

test('the unpacker is killed', async () => {
  const before = storeContents(engine);
  const file = slowImage(100);
  const loading = engine.docker(['load', '-i', file]);
  const watched = changesInTmp(2, loading);
  await watched;
  let killed = 0;
  while (killed === 0) {
    for (const pid of unpackers()) {
      process.kill(pid, 'SIGKILL');
      killed++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { code, stderr } = await loading;
  expect(code).not.toBe(0);
  expect(stderr).toContain('berth-unpack unpack ended with SIGKILL');
  expect(storeContents(engine)).toMatchObject({ images: before.images, tmp: [] });
  await engine.dockerText('load', '-i', file);
});

test('verify tells what has changed on disk', async () => {
  const [layer] = (await verify()).filter(({ chainId }) => names(chainId).includes('d0'));
  const diff = join(engine.root, 'layers', layer!.chainId, 'diff');
  const told = async () => (await verify()).filter(({ ok }) => !ok);
  expect(await told()).toEqual([]);
  const changed = async (words: string) =>
    expect(await told()).toMatchObject([
      { chainId: layer!.chainId, message: expect.stringContaining(words) },
    ]);
  const { atimeMs, mtimeMs, mode } = statSync(join(diff, 'd0'));
  writeFileSync(join(diff, 'd0/planted'), 'not of the layer');
  await changed('/d0 has changed on disk: its names');
  rmSync(join(diff, 'd0/planted'));
  utimesSync(join(diff, 'd0'), atimeMs / 1000, mtimeMs / 1000);
  expect(await told()).toEqual([]);
  chmodSync(join(diff, 'd0'), 0o777);
  await changed('/d0 has changed on disk: its mode');
  chmodSync(join(diff, 'd0'), mode & 0o7777);
  expect(await told()).toEqual([]);
  writeFileSync(join(diff, 'd0/f0'), readFileSync(join(diff, 'd0/f0'), 'latin1').replace('0', '9'), 'latin1');
  expect(await told()).toHaveLength(1);
});

function names(chainId: string): string[] {
  return readdirSync(join(engine.root, 'layers', chainId, 'diff'));
}
