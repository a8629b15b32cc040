import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestRegistry } from '../images/catalogue.ts';
import { startFront } from '../images/front.ts';
import { noiseTar } from '../images/noise.ts';
import type { TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { progressLines } from './progress-lines.ts';
import { storeContents } from './store-contents.ts';

let registry: TestRegistry;
let engine: TestEngine;
beforeAll(async () => {
  registry = await startTestRegistry();
  engine = await startEngine();
  await engine.dockerText('pull', '-q', `${registry.address}/nginx`);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const from = (repository: string) => `${registry.address}/${repository}`;
const diffIds = async (name: string) =>
  JSON.parse(await engine.dockerText('inspect', '-f', '{{json .RootFS.Layers}}', name)) as string[];

test('every progress line of a push has dockerd’s fields and stands in its order', async () => {
  // From another name of the registry, so that nothing can be mounted and every layer is sent.
  await using front = await startFront(registry, (call) => call.pass());
  const name = `${front.address}/fresh`;
  await engine.dockerText('tag', from('nginx'), `${name}:1`);
  const lines = await progressLines(engine, `/images/${name}/push?tag=1`);
  expect(lines[0]).toEqual({ status: `The push refers to repository [${name}]` });
  const topFirst = (await diffIds(`${name}:1`)).toReversed().map((diffId) => diffId.slice(7, 19));
  expect(lines.slice(1, 3)).toEqual(topFirst.map((id) => ({ status: 'Preparing', progressDetail: {}, id })));
  for (const id of topFirst) {
    const own = lines.filter((line) => line.id === id);
    expect([...new Set(own.map(({ status }) => status))]).toEqual(['Preparing', 'Pushing', 'Pushed']);
    for (const line of own) {
      const bar = line.status === 'Pushing';
      expect(Object.keys(line).sort()).toEqual(
        (bar ? ['id', 'progress', 'progressDetail', 'status'] : ['id', 'progressDetail', 'status']).sort(),
      );
    }
  }
  const digest = /sha256:[0-9a-f]{64}/.exec(lines.at(-2)?.status ?? '')?.[0];
  const size = Number(/size: (\d+)$/.exec(lines.at(-2)?.status ?? '')?.[1]);
  expect(lines.at(-2)).toEqual({ status: `1: digest: ${digest} size: ${size}` });
  expect(lines.at(-1)).toEqual({ progressDetail: {}, aux: { Tag: '1', Digest: digest, Size: size } });
  expect(await engine.dockerText('inspect', '-f', '{{join .RepoDigests " "}}', `${name}:1`)).toContain(
    `${name}@${digest}`,
  );
});

test('layers that another repository of the registry has are mounted, not sent', async () => {
  await engine.dockerText('tag', from('nginx'), from('mounted:1'));
  const before = registry.log.length;
  const pushed = await engine.dockerText('push', from('mounted:1'));
  expect(pushed.match(/Mounted from nginx/g)).toHaveLength(2);
  expect(before).toBeLessThanOrEqual(registry.log.length);
  const again = await engine.dockerText('push', from('mounted:1'));
  expect(again.match(/Layer already exists/g)).toHaveLength(2);
  await engine.dockerText('rmi', from('mounted:1'));
  await engine.dockerText('pull', from('mounted:1'));
});

test('-a pushes every tag of the repository', async () => {
  for (const tag of ['a', 'b']) await engine.dockerText('tag', from('nginx'), from(`all:${tag}`));
  const pushed = await engine.dockerText('push', '-a', from('all'));
  expect(pushed.match(/^[ab]: digest: sha256:/gm)).toEqual(['a: digest: sha256:', 'b: digest: sha256:']);
  const answer = await fetch(`http://${registry.address}/v2/all/tags/list`);
  expect(((await answer.json()) as { tags: string[] }).tags.sort()).toEqual(['a', 'b']);
});

test('what is not here', async () => {
  const missing = await engine.docker(['push', from('none:1')]);
  expect(missing.code).toBe(1);
  expect(missing.stdout).toContain(`The push refers to repository [${from('none')}]`);
  expect(missing.stderr.trim()).toBe(`An image does not exist locally with the tag: ${from('none')}`);
});

/** An image of one layer that no registry has, of bytes that gzip cannot make smaller. */
async function importNoise(name: string, sizeBytes: number): Promise<void> {
  const done = await engine.docker(['import', '-', name], { input: noiseTar(sizeBytes) });
  if (done.code !== 0) throw new Error(done.stderr);
}

test('an upload that breaks off goes on, and what arrives is what was sent', async () => {
  let breaks = 2;
  await using front = await startFront(registry, async (call) => {
    if (call.method !== 'PATCH' || breaks === 0) return await call.pass();
    breaks -= 1;
    call.response.destroy();
  });
  const name = `${front.address}/broken:1`;
  await importNoise(name, 3 * 1024 * 1024);
  expect(await engine.dockerText('push', name)).toMatch(/^1: digest: sha256:/m);
  expect(breaks).toBe(0);
  const id = await engine.dockerText('inspect', '-f', '{{.Id}}', name);
  await engine.dockerText('rmi', name);
  await engine.dockerText('pull', name);
  expect(await engine.dockerText('inspect', '-f', '{{.Id}}', name)).toBe(id);
  expect(storeContents(engine).tmp).toEqual([]);
});

test('a large layer goes in pieces, the first before the last is packed, each byte once', async () => {
  await using front = await startFront(registry, (call) => call.pass());
  const name = `${front.address}/large:1`;
  await importNoise(name, 40 * 1024 * 1024);
  await engine.dockerText('push', name);
  const pieces = front.calls
    .filter(({ method }) => method === 'PATCH')
    .map(({ headers }) => (headers['content-range'] ?? '').split('-').map(Number));
  // The last one is the image's config.
  const layer = pieces.slice(0, -1);
  expect(layer.length).toBeGreaterThan(1);
  let next = 0;
  for (const [start, end = 0] of layer) {
    expect(start).toBe(next);
    next = end + 1;
  }
  expect(next).toBeGreaterThan(40 * 1024 * 1024);
  await engine.dockerText('rmi', name);
});

test('a push that nobody waits for any more ends, and leaves nothing', async () => {
  const reached = Promise.withResolvers<void>();
  await using front = await startFront(registry, async (call) => {
    if (call.method !== 'PATCH') return await call.pass();
    reached.resolve();
    await new Promise((resolve) => call.response.once('close', resolve));
  });
  const name = `${front.address}/left:1`;
  await importNoise(name, 1024 * 1024);
  const child = engine.spawnDocker(['push', name]);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdout.resume();
  await reached.promise;
  child.kill('SIGINT');
  await ended;
  await expect.poll(() => storeContents(engine).tmp, { timeout: 30_000 }).toEqual([]);
});

test('a registry that refuses says so', async () => {
  await using front = await startFront(registry, async (call) => {
    if (call.method !== 'POST') return await call.pass();
    call.response.writeHead(403, { 'content-type': 'application/json' });
    call.response.end(
      JSON.stringify({ errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] }),
    );
  });
  const name = `${front.address}/refused:1`;
  await importNoise(name, 1024);
  const lines = await progressLines(engine, `/images/${front.address}/refused/push?tag=1`);
  expect(lines.at(-1)).toEqual({
    errorDetail: { message: 'denied: requested access to the resource is denied' },
    error: 'denied: requested access to the resource is denied',
    berth: { code: 'registry-denied', params: expect.objectContaining({ name: `${front.address}/refused` }) },
  });
});
