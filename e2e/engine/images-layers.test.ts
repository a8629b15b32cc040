import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFront } from '../images/front.ts';
import { imageOfTar, noiseTar, packings } from '../images/noise.ts';
import { pushImage } from '../images/push.ts';
import { startRegistry, type TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { storeContents } from './store-contents.ts';

/** How layers come: packed in several ways, large ones in ranges. */

let registry: TestRegistry;
let engine: TestEngine;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-layers-'));
  registry = await startRegistry();
  engine = await startEngine();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const megabyte = 1024 * 1024;
const diffIds = async (name: string) =>
  JSON.parse(await engine.dockerText('inspect', '-f', '{{json .RootFS.Layers}}', name)) as string[];

describe('packings', () => {
  test.each(Object.keys(packings) as (keyof typeof packings)[])('%s', async (packing) => {
    const tar = noiseTar(2 * megabyte);
    const name = `packed-${packing.replaceAll(' ', '-')}`;
    await pushImage(registry, imageOfTar(tar, { name, directory, packing }), { oci: true });
    await engine.dockerText('pull', `${registry.address}/${name}`);
    const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
    expect(await diffIds(`${registry.address}/${name}`)).toEqual([diffId]);
  });
});

describe('a large layer', () => {
  const name = 'large';
  let size: number;
  beforeAll(async () => {
    const image = imageOfTar(noiseTar(40 * megabyte), { name, directory, packing: 'gzip' });
    size = image.layers[0]?.sizeBytes ?? 0;
    await pushImage(registry, image);
  });
  const rangesOf = (calls: { path: string; headers: { range?: string | undefined } }[]) =>
    calls.filter(({ path }) => path.includes('/blobs/')).flatMap(({ headers }) => headers.range ?? []);

  test('comes in several ranges at once, each once', async () => {
    const later: (() => void)[] = [];
    await using front = await startFront(registry, async (call) => {
      const start = Number(/^bytes=(\d+)-/.exec(call.headers.range ?? '')?.[1] ?? 0);
      // The first two that follow the first range wait for each other: one at a time would never end.
      if (start > 0 && later.length < 2) {
        await new Promise<void>((resolve) => {
          later.push(resolve);
          if (later.length === 2) for (const go of later) go();
        });
      }
      await call.pass();
    });
    await engine.dockerText('pull', `${front.address}/${name}`);
    expect(later).toHaveLength(2);
    const ranges = rangesOf(front.calls);
    expect(ranges).toHaveLength(Math.ceil(size / (8 * megabyte)));
    expect(new Set(ranges).size).toBe(ranges.length);
    await engine.dockerText('rmi', `${front.address}/${name}`);
  });

  test('one that breaks off in a later range goes on there', async () => {
    let breaks = 1;
    await using front = await startFront(registry, async (call) => {
      const start = Number(/^bytes=(\d+)-/.exec(call.headers.range ?? '')?.[1] ?? 0);
      if (breaks === 0 || start < 16 * megabyte) return await call.pass();
      breaks -= 1;
      await call.pass(async function* (body) {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          yield chunk;
          call.response.destroy();
          return;
        }
      });
    });
    await engine.dockerText('pull', `${front.address}/${name}`);
    expect(breaks).toBe(0);
    expect(storeContents(engine)).toMatchObject({ tmp: [], downloads: [] });
    await engine.dockerText('rmi', `${front.address}/${name}`);
  });

  test('a registry that knows no ranges gives it whole', async () => {
    await using front = await startFront(registry, async (call) => {
      delete call.headers.range;
      await call.pass();
    });
    await engine.dockerText('pull', `${front.address}/${name}`);
    const blobs = front.calls.filter(({ path }) => path.includes('/blobs/'));
    // The config and the layer, each asked for once.
    expect(blobs).toHaveLength(2);
    await engine.dockerText('rmi', `${front.address}/${name}`);
  });
});
