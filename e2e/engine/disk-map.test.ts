import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DiskMap } from '../../engine/api/system.ts';
import { imageArchive } from './archive.ts';
import { startEngine, type TestEngine } from './engine.ts';

/** Where the bytes of the data disk are. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
  const base = { command: 'base', entries: [{ name: 'base', data: 'b'.repeat(10_000) }] };
  const own = { command: 'own', entries: [{ name: 'own', data: 'o'.repeat(700) }] };
  for (const [tag, layers] of [['one:1', [base]] as const, ['two:1', [base, own]] as const]) {
    await engine.docker(['load'], { input: imageArchive({ tag, layers: [...layers] }) });
  }
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const map = async () => (await engine.api('GET', '/berth/system/disk')).json() as DiskMap;

test('images share layers, containers write, volumes and logs grow', async () => {
  const script = 'head -c 5000 /dev/zero > /written; head -c 3000 /dev/zero > /data/stored; echo told';
  await engine.dockerText('run', '--name', 'writer', '-v', 'kept:/data', 'busybox', 'sh', '-c', script);
  await engine.dockerText('create', '--name', 'idle', 'busybox');
  const told = await map();
  expect(told.disk.totalBytes).toBeGreaterThan(told.disk.freeBytes);
  const [largest, ...others] = told.images.items;
  expect(largest?.names).toEqual(['busybox:latest']);
  expect(largest?.containers).toHaveLength(2);
  expect(others).toMatchObject([
    { names: ['two:1'], bytes: 10_700, sharedBytes: 10_000, uniqueBytes: 700, containers: [] },
    { names: ['one:1'], bytes: 10_000, sharedBytes: 10_000, uniqueBytes: 0 },
  ]);
  expect(told.images.bytes).toBe(largest!.bytes + 10_700);
  expect(told.images.unusedBytes).toBe(0);
  expect(told.writableLayers).toMatchObject({
    bytes: 5000,
    items: [
      { name: 'writer', bytes: 5000, running: false },
      { name: 'idle', bytes: 0 },
    ],
  });
  expect(told.volumes).toMatchObject({
    bytes: 3000,
    items: [{ name: 'kept', bytes: 3000, containers: [expect.any(String)] }],
  });
  expect(told.logs.items[0]).toMatchObject({ name: 'writer' });
  expect(told.logs.bytes).toBeGreaterThanOrEqual(5);
  expect(told.indexes.bytes).toBeGreaterThan(0);
  expect(told.downloads).toEqual({ bytes: 0, items: [] });
  await engine.dockerText('rm', '-v', 'writer', 'idle');
});

test('what is removed is gone from it', async () => {
  await engine.dockerText('rmi', 'two:1');
  await engine.dockerText('volume', 'rm', 'kept');
  const told = await map();
  expect(told.images.items.map(({ names }) => names[0])).toEqual(['busybox:latest', 'one:1']);
  expect(told.images.items[1]).toMatchObject({ sharedBytes: 0, uniqueBytes: 10_000 });
  expect(told.volumes.items).toEqual([]);
  expect(told.writableLayers.items).toEqual([]);
});
