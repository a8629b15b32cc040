import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { imageOfTar, noiseTar } from '../images/noise.ts';
import { pushImage, type TestImage } from '../images/push.ts';
import { startRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { storeContents } from './store-contents.ts';

const rounds = 20;
/** An operation of the small images below takes about so long: a kill falls before, into or after it. */
const longestMs = 400;

/** BERTH_TEST_SEED repeats a run that has failed. */
const seed = Number(process.env.BERTH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`kill -9 at random moments of pull, load and removal loses no acknowledged image (seed ${seed})`, async () => {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
  await using registry = await startRegistry();
  await using engine = await startEngine();
  const names = await pushFamily(registry, engine.directory);
  const archive = join(engine.directory, 'all.tar');
  for (const name of names) await engine.dockerText('pull', name);
  await engine.dockerText('save', '-o', archive, ...names);
  for (const name of names) await engine.dockerText('rmi', name);
  let here = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const name = names[next(names.length)] as string;
    const { words, after } = operation(next(3), { name, names, archive, here });
    const command = engine.docker(words);
    await delay(next(longestMs));
    await engine.stop('SIGKILL');
    const acknowledged = (await command).code === 0;
    await engine.start();
    expect(storeContents(engine).tmp).toEqual([]);
    const list = await engine.dockerText('images', '--format', '{{.Repository}}:{{.Tag}}');
    const found = new Set(list.split('\n').filter((line) => names.includes(line)));
    const label = `round ${round}: ${words.slice(0, 2).join(' ')}, ${acknowledged ? 'acknowledged' : 'cut off'}`;
    if (acknowledged) expect([label, found]).toEqual([label, after]);
    else {
      // Half of a load may have its name already; what was there before is only gone where it was to go.
      for (const one of here)
        if (after.has(one)) expect([label, [...found]]).toEqual([label, expect.arrayContaining([one])]);
      for (const one of found) expect([label, here.has(one) || after.has(one)]).toEqual([label, true]);
    }
    here = found;
    await verify(engine, [...here]);
  }
}, 600_000);

/** A base and four images on it, of noise. */
async function pushFamily(registry: { address: string }, directory: string): Promise<string[]> {
  const layer = (name: string) => {
    const tar = noiseTar(256 * 1024);
    return imageOfTar(tar, { name, directory: join(directory, 'layers'), packing: 'gzip' });
  };
  const base = layer('base');
  const images: TestImage[] = ['one', 'two', 'three', 'four'].map((name) => {
    const top = layer(name);
    return { ...top, layers: [...base.layers, ...top.layers] };
  });
  for (const image of images) await pushImage(registry, image);
  return images.map(({ name }) => `${registry.address}/${name}:latest`);
}

/** A command, and the names that there are once it has been acknowledged. */
function operation(
  kind: number,
  { name, names, archive, here }: { name: string; names: string[]; archive: string; here: Set<string> },
): { words: string[]; after: Set<string> } {
  if (kind === 0) return { words: ['load', '-i', archive], after: new Set(names) };
  if (kind === 1 && here.has(name)) {
    return { words: ['rmi', name], after: new Set([...here].filter((other) => other !== name)) };
  }
  return { words: ['pull', name], after: new Set([...here, name]) };
}

/** Every byte of every image is still what its digest says. */
async function verify(engine: TestEngine, names: string[]): Promise<void> {
  if (names.length === 0) return;
  const tree = join(engine.directory, 'verify');
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree);
  await engine.dockerText('save', '-o', join(tree, 'all.tar'), ...names);
  expect(spawnSync('tar', ['-xf', 'all.tar'], { cwd: tree }).status).toBe(0);
  for (const digest of readdirSync(join(tree, 'blobs/sha256'))) {
    const bytes = readFileSync(join(tree, 'blobs/sha256', digest));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  }
}
