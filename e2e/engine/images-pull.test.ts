import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../engine/api/errors.ts';
import type { PullPreview } from '../../engine/api/images.ts';
import { startTestRegistry, testImages } from '../images/catalogue.ts';
import { startFront } from '../images/front.ts';
import { pushImage } from '../images/push.ts';
import type { TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { progressLines } from './progress-lines.ts';
import { storeContents } from './store-contents.ts';

let registry: TestRegistry;
let engine: TestEngine;
beforeAll(async () => {
  registry = await startTestRegistry();
  engine = await startEngine();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const pull = async (...words: string[]) => await engine.docker(['pull', ...words]);
const last = (text: string, count: number) => text.trimEnd().split('\n').slice(-count);

describe('docker pull', () => {
  test('a tag: new, then up to date, and what it shares is not fetched again', async () => {
    const name = `${registry.address}/nginx:latest`;
    const first = await pull(name);
    expect(first.code).toBe(0);
    const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(first.stdout)?.[1];
    expect(last(first.stdout, 3)).toEqual([
      `Digest: ${digest}`,
      `Status: Downloaded newer image for ${name}`,
      name,
    ]);
    const again = await pull(name);
    expect(again.stdout.trimEnd().split('\n')).toEqual([
      'latest: Pulling from nginx',
      `Digest: ${digest}`,
      `Status: Image is up to date for ${name}`,
      name,
    ]);
    const sharing = await pull(`${registry.address}/redis`);
    expect(sharing.stdout).toMatch(/^Using default tag: latest$/m);
    expect(sharing.stdout.match(/Already exists/g)).toHaveLength(1);
    expect(sharing.stdout.match(/Pull complete/g)).toHaveLength(1);
  });

  test('a digest gives an image with a digest and no tag', async () => {
    const tagged = await pull(`${registry.address}/python:3.11`);
    const digest = /sha256:[0-9a-f]{64}/.exec(tagged.stdout)?.[0];
    await engine.dockerText('rmi', `${registry.address}/python:3.11`);
    const name = `${registry.address}/python@${digest}`;
    const pulled = await pull(name);
    expect(pulled.stdout.split('\n')[0]).toBe(`${name}: Pulling from python`);
    expect(last(pulled.stdout, 2)).toEqual([`Status: Downloaded newer image for ${name}`, name]);
    const inspected = JSON.parse(await engine.dockerText('inspect', name)) as {
      RepoTags: string[];
      RepoDigests: string[];
    }[];
    expect(inspected[0]).toMatchObject({ RepoTags: [], RepoDigests: [name] });
  });

  test('an index: the machine’s own platform, another one by --platform', async () => {
    const image = testImages().find(({ name }) => name === 'busybox');
    if (image === undefined) throw new Error('no busybox');
    const foreign = { ...image, architecture: image.architecture === 'amd64' ? 'arm64' : 'amd64' } as const;
    const name = `${registry.address}/multi:1`;
    for (const oci of [false, true]) {
      const digest = await pushImage(
        registry,
        [foreign, image].map((one) => ({ ...one, name: 'multi', tag: '1' })),
        { oci },
      );
      expect((await pull(name)).stdout).toContain(`Digest: ${digest}\n`);
      expect(await engine.dockerText('inspect', '-f', '{{.Architecture}}', name)).toBe(image.architecture);
      const other = await pull('--platform', `linux/${foreign.architecture}`, name);
      expect(other.stdout).toContain(`Digest: ${digest}\n`);
      expect(await engine.dockerText('inspect', '-f', '{{.Architecture}}', name)).toBe(foreign.architecture);
      await engine.dockerText('rmi', '-f', name);
    }
  });

  test('a platform that the index has not, and one that an image without index is not', async () => {
    const image = testImages().find(({ name }) => name === 'busybox');
    if (image === undefined) throw new Error('no busybox');
    await pushImage(
      registry,
      ['amd64', 'arm64'].map((architecture) => ({
        ...image,
        name: 'two',
        tag: '1',
        architecture: architecture as 'amd64',
      })),
    );
    const absent = await pull('--platform', 'linux/s390x', `${registry.address}/two:1`);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain('no matching manifest for linux/s390x in the manifest list entries');
    const name = `${registry.address}/busybox:latest`;
    const warned = await pull('--platform', 'linux/s390x', name);
    expect(warned.code).toBe(0);
    expect(warned.stdout + warned.stderr).toContain(
      `WARNING: image with reference ${name} was found but its platform (linux/${image.architecture}) does not match the specified platform (linux/s390x)`,
    );
  });

  test('-a: all tags, and one without our platform keeps no other back', async () => {
    const image = testImages().find(({ name }) => name === 'busybox');
    if (image === undefined) throw new Error('no busybox');
    for (const tag of ['1', '3']) await pushImage(registry, { ...image, name: 'many', tag });
    const foreign = ['s390x', 'riscv64'].map((architecture) => ({
      ...image,
      name: 'many',
      tag: '2',
      architecture: architecture as 'amd64',
    }));
    await pushImage(registry, foreign);
    const done = await pull('-a', `${registry.address}/many`);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/no matching manifest for linux\/\w+ in the manifest list entries/);
    const tags = await engine.dockerText('images', '--format', '{{.Tag}}', `${registry.address}/many`);
    expect(tags.split('\n').sort()).toEqual(['1', '3']);
  });

  test('run pulls what is not there', async () => {
    const name = `${registry.address}/debian:bookworm`;
    const done = await engine.docker([
      'run',
      '--rm',
      '--network',
      'none',
      name,
      'cat',
      '/etc/debian_version',
    ]);
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(/^12\./m);
    expect(done.stderr).toContain(`Unable to find image '${name}' locally`);
  });
});

test('a preview tells what a pull would fetch, and fails as it would', async () => {
  await using fresh = await startEngine();
  const read = async (query: Record<string, string>) => {
    const answer = await fresh.api('GET', `/berth/images/preview?${new URLSearchParams(query)}`);
    return { status: answer.status, body: answer.json() as PullPreview & ErrorBody };
  };
  const nginx = testImages().find(({ name }) => name === 'nginx');
  const sizes = nginx?.layers.map(({ sizeBytes }) => sizeBytes) ?? [];
  const before = await read({ name: `${registry.address}/nginx` });
  expect(before.body).toMatchObject({
    reference: `${registry.address}/nginx:latest`,
    platform: `linux/${nginx?.architecture}`,
    imageHere: false,
    fetchBytes: sizes.reduce((sum, size) => sum + size, 0),
  });
  expect(before.body.layers.map(({ here }) => here)).toEqual([false, false]);
  expect(before.body.diskBytes).toBeGreaterThan(before.body.fetchBytes);
  // What another image has brought is not fetched again.
  await fresh.dockerText('pull', '-q', `${registry.address}/redis`);
  const sharing = await read({ name: `${registry.address}/nginx`, tag: 'latest' });
  expect(sharing.body.layers.map(({ here }) => here)).toEqual([true, false]);
  expect(sharing.body.fetchBytes).toBe(sizes[1]);
  await fresh.dockerText('pull', '-q', `${registry.address}/nginx`);
  expect((await read({ name: `${registry.address}/nginx` })).body).toMatchObject({
    imageHere: true,
    fetchBytes: 0,
    diskBytes: 0,
  });
  const unknown = await read({ name: `${registry.address}/nope` });
  expect([unknown.status, unknown.body.berth?.code]).toEqual([404, 'registry-not-found']);
  const foreign = await read({ name: `${registry.address}/nginx`, platform: 'foo' });
  expect([foreign.status, foreign.body.berth?.code]).toEqual([400, 'bad-parameter']);
});

/** Statuses of one layer, each with how often it may come. */
const layerStatuses = [
  { status: 'Pulling fs layer', times: [1, 1] },
  { status: 'Waiting', times: [0, 1] },
  { status: 'Downloading', times: [0, 1000] },
  { status: 'Verifying Checksum', times: [1, 1] },
  { status: 'Download complete', times: [1, 1] },
  { status: 'Extracting', times: [1, 1000] },
  { status: 'Pull complete', times: [1, 1] },
] as const;
const barStatuses = new Set(['Downloading', 'Extracting']);

test('every progress line of a pull has dockerd’s fields and stands in its order', async () => {
  await using fresh = await startEngine();
  const lines = await progressLines(fresh, `/images/create?fromImage=${registry.address}/nginx&tag=latest`);
  expect(lines[0]).toEqual({ status: 'Pulling from nginx', id: 'latest' });
  const [digest, status] = lines.slice(-2);
  expect(digest).toEqual({ status: expect.stringMatching(/^Digest: sha256:[0-9a-f]{64}$/) });
  expect(status).toEqual({ status: `Status: Downloaded newer image for ${registry.address}/nginx:latest` });
  const middle = lines.slice(1, -2);
  const ids = [...new Set(middle.map(({ id }) => id))];
  const nginx = testImages().find(({ name }) => name === 'nginx');
  expect(ids).toEqual(nginx?.layers.map((layer) => layer.digest.slice(7, 19)));
  for (const id of ids) {
    const own = middle.filter((line) => line.id === id);
    for (const line of own) {
      const bar = barStatuses.has(line.status ?? '');
      expect(Object.keys(line).sort()).toEqual(
        (bar ? ['id', 'progress', 'progressDetail', 'status'] : ['id', 'progressDetail', 'status']).sort(),
      );
      if (!bar) expect(line.progressDetail).toEqual({});
    }
    const expected = layerStatuses.flatMap(({ status, times: [least, most] }) => {
      const count = own.filter((line) => line.status === status).length;
      expect([status, count >= least && count <= most]).toEqual([status, true]);
      return Array.from({ length: count }, () => status);
    });
    expect(own.map((line) => line.status)).toEqual(expected);
    const bars = own.filter((line) => line.status === 'Extracting').map((line) => line.progressDetail);
    expect(bars.at(-1)).toMatchObject({ current: bars[0]?.total });
  }
  // A layer lies on the one below: they come to their places in that order, as in dockerd.
  expect(middle.filter((line) => line.status === 'Pull complete').map(({ id }) => id)).toEqual(ids);
});

describe('what breaks off', () => {
  const image = () => {
    const found = testImages().find(({ name }) => name === 'redis');
    if (found === undefined) throw new Error('no redis');
    return found;
  };
  const largest = () => image().layers.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0];

  test('Ctrl-C in the middle of a pull leaves nothing half made, and the next pull goes on from there', async () => {
    await using fresh = await startEngine();
    const layer = largest();
    const half = Math.floor((layer?.sizeBytes ?? 0) / 2);
    let reached = () => {};
    const held = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let hold = true;
    await using front = await startFront(registry, async (call) => {
      if (!hold || !call.path.endsWith(`/blobs/${layer?.digest}`)) return await call.pass();
      await call.pass(async function* (body) {
        let sent = 0;
        for await (const chunk of body as AsyncIterable<Buffer>) {
          yield chunk;
          sent += chunk.length;
          if (sent < half) continue;
          reached();
          await once(call.response, 'close');
          return;
        }
      });
    });
    const name = `${front.address}/redis:latest`;
    const child = fresh.spawnDocker(['pull', name]);
    const ended = once(child, 'close');
    child.stdout.resume();
    await held;
    child.kill('SIGINT');
    await ended;
    await expect.poll(() => storeContents(fresh).tmp, { timeout: 30_000 }).toEqual([]);
    const { images, downloads } = storeContents(fresh);
    expect(images).toEqual([]);
    expect(downloads).toContain(`${layer?.digest.replace(':', '-')}.part`);
    expect(await fresh.dockerText('images', '-aq')).toBe('');
    hold = false;
    const before = front.calls.length;
    const again = await fresh.docker(['pull', name]);
    expect(again.code).toBe(0);
    const ranges = front.calls.slice(before).flatMap(({ headers }) => headers.range ?? []);
    expect(ranges.length).toBeGreaterThan(0);
    expect(Number(/^bytes=(\d+)-/.exec(ranges[0] ?? '')?.[1])).toBeGreaterThan(0);
    expect(storeContents(fresh)).toMatchObject({ tmp: [], downloads: [] });
  });

  test('a connection that breaks is taken up again where it broke', async () => {
    await using fresh = await startEngine();
    const layer = largest();
    let breaks = 2;
    await using front = await startFront(registry, async (call) => {
      if (breaks === 0 || !call.path.endsWith(`/blobs/${layer?.digest}`)) return await call.pass();
      breaks -= 1;
      await call.pass(async function* (body) {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          yield chunk;
          await new Promise((resolve) => call.response.write(Buffer.alloc(0), resolve));
          call.response.destroy();
          return;
        }
      });
    });
    const done = await fresh.docker(['pull', `${front.address}/redis:latest`]);
    expect(done.code).toBe(0);
    const asked = front.calls.filter(({ path }) => path.endsWith(`/blobs/${layer?.digest}`));
    expect(breaks).toBe(0);
    const starts = asked.map(({ headers }) => Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0));
    // Ranges begin at whole megabytes; where a connection broke is in between.
    expect(starts.filter((start) => start % (1024 * 1024) !== 0)).toHaveLength(2);
  });

  test('two pulls of one image share the work', async () => {
    await using fresh = await startEngine();
    await using front = await startFront(registry, (call) => call.pass());
    const name = `${front.address}/redis:latest`;
    const both = await Promise.all([fresh.docker(['pull', name]), fresh.docker(['pull', name])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    for (const layer of image().layers) {
      const asked = front.calls.filter(({ path }) => path.endsWith(`/blobs/${layer.digest}`));
      const ranges = asked.map(({ headers }) => headers.range ?? 'all');
      expect(ranges.length).toBeGreaterThan(0);
      expect(new Set(ranges).size).toBe(ranges.length);
    }
  });

  test('a daemon that ends in the middle of a pull goes on from what it had', async () => {
    await using fresh = await startEngine();
    const layer = largest();
    let reached = () => {};
    const held = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let hold = true;
    await using front = await startFront(registry, async (call) => {
      if (!hold || !call.path.endsWith(`/blobs/${layer?.digest}`)) return await call.pass();
      await call.pass(async function* (body) {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          yield chunk;
          reached();
          await once(call.response, 'close');
          return;
        }
      });
    });
    const name = `${front.address}/redis:latest`;
    const pulling = fresh.docker(['pull', name]);
    await held;
    await fresh.stop('SIGKILL');
    expect((await pulling).code).not.toBe(0);
    hold = false;
    await fresh.start();
    expect(storeContents(fresh)).toMatchObject({ images: [], tmp: [] });
    const done = await fresh.docker(['pull', name]);
    expect(done.code).toBe(0);
    expect(storeContents(fresh)).toMatchObject({ tmp: [], downloads: [] });
    expect(storeContents(fresh).images).toHaveLength(1);
  });
});
