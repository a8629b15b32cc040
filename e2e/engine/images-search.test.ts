import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DistributionInspect } from '../../engine/api/images.ts';
import { startTestRegistry, testImages } from '../images/catalogue.ts';
import { pushImage } from '../images/push.ts';
import type { TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';

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

const search = async (...words: string[]) => {
  const text = await engine.dockerText(
    'search',
    '--format',
    '{{.Name}}|{{.StarCount}}|{{.IsOfficial}}',
    ...words,
  );
  return text.split('\n').filter(Boolean);
};

test('docker search asks a registry’s own search, by Docker Hub’s form', async () => {
  const results = [
    { name: 'nginx', description: 'Official build of Nginx.', star_count: 20000, is_official: true },
    { name: 'someone/nginx', description: null, star_count: 3, is_official: false },
  ];
  const asked: string[] = [];
  await using server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(request.url?.startsWith('/v1/search') ? JSON.stringify({ num_results: 2, results }) : '{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const term = `127.0.0.1:${port}/nginx`;
  expect(await search(term)).toEqual(['nginx|20000|[OK]', 'someone/nginx|3|']);
  expect(asked).toContain('/v1/search?q=nginx&n=25');
  expect(await search('--limit', '1', term)).toHaveLength(1);
  expect(await search('--filter', 'stars=10', term)).toEqual(['nginx|20000|[OK]']);
  expect(await search('--filter', 'is-official=false', term)).toEqual(['someone/nginx|3|']);
  server.closeAllConnections();
});

test('where a registry has no search, its catalogue serves', async () => {
  expect(await search(`${registry.address}/ngin`)).toEqual([`${registry.address}/nginx|0|`]);
  expect((await search(`${registry.address}/`)).length).toBeGreaterThan(3);
});

test('where it has neither, a sentence says so', async () => {
  await using server = createServer((request, response) => {
    if (request.url === '/v2/') response.end('{}');
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const done = await engine.docker(['search', `127.0.0.1:${port}/x`]);
  expect(done.code).toBe(1);
  expect(done.stderr).toContain(`127.0.0.1:${port} has neither a search nor a catalogue`);
  expect(done.stderr).toContain('type the whole name of the image');
  server.closeAllConnections();
});

test('limits and filters have Docker’s words', async () => {
  const words = async (query: string) => {
    const answer = await engine.api('GET', `/images/search?term=x&${query}`);
    return [answer.status, (answer.json() as { message: string }).message];
  };
  expect(await words('limit=1000')).toEqual([400, 'limit 1000 is outside the range of [1, 100]']);
  expect(await words('limit=x')).toEqual([
    400,
    'invalid limit specified: strconv.Atoi: parsing "x": invalid syntax',
  ]);
  expect(await words(`filters=${encodeURIComponent('{"x":["y"]}')}`)).toEqual([400, "invalid filter 'x'"]);
});

test('distribution tells digest and platforms, of one image and of an index, without pulling', async () => {
  const busybox = testImages().find((image) => image.name === 'busybox');
  if (busybox === undefined) throw new Error('no busybox');
  const read = async (name: string) =>
    (await engine.api('GET', `/distribution/${registry.address}/${name}/json`)).json() as DistributionInspect;
  const single = await read('busybox');
  expect(single).toEqual({
    Descriptor: {
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      digest: expect.stringMatching(/^sha256:/),
      size: expect.any(Number),
    },
    Platforms: [{ architecture: busybox.architecture, os: 'linux' }],
  });
  const both = (['amd64', 'arm64'] as const).map((architecture) => ({
    ...busybox,
    name: 'described',
    architecture,
  }));
  const digest = await pushImage(registry, both, { oci: true });
  const index = await read('described');
  expect(index.Descriptor).toMatchObject({ mediaType: 'application/vnd.oci.image.index.v1+json', digest });
  expect(index.Platforms.map(({ architecture }) => architecture)).toEqual(['amd64', 'arm64']);
  expect((await engine.api('GET', `/distribution/${registry.address}/nope/json`)).status).toBe(404);
  expect(await engine.dockerText('images', '-q')).toBe('');
});

test('system df counts layers that images share once', async () => {
  for (const name of ['nginx', 'redis']) await engine.dockerText('pull', '-q', `${registry.address}/${name}`);
  await engine.dockerText('create', `${registry.address}/nginx`, 'true');
  const df = (await engine.api('GET', '/system/df')).json() as {
    LayersSize: number;
    Images: { RepoTags: string[]; Size: number; SharedSize: number; Containers: number }[];
  };
  const [nginx, redis] = ['nginx', 'redis'].map((name) =>
    df.Images.find(({ RepoTags }) => RepoTags.includes(`${registry.address}/${name}:latest`)),
  );
  expect(nginx?.SharedSize).toBeGreaterThan(10_000_000);
  expect(redis?.SharedSize).toBe(nginx?.SharedSize);
  expect([nginx?.Containers, redis?.Containers]).toEqual([1, 0]);
  const shared = nginx?.SharedSize ?? 0;
  expect(df.LayersSize).toBe((nginx?.Size ?? 0) + (redis?.Size ?? 0) - shared);
  const images = await engine.dockerText('system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}}');
  expect(images.split('\n')[0]).toBe('Images 2 1');
  expect(await engine.dockerText('system', 'df', '-v')).toContain(`${registry.address}/nginx`);
});
