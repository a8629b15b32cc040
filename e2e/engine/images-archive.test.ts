import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestRegistry } from '../images/catalogue.ts';
import type { TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { storeContents } from './store-contents.ts';

let registry: TestRegistry;
let engine: TestEngine;
let redis: string;
beforeAll(async () => {
  registry = await startTestRegistry();
  engine = await startEngine();
  redis = `${registry.address}/redis:latest`;
  await engine.dockerText('pull', '-q', redis);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const idOf = (name: string) => engine.dockerText('inspect', '-f', '{{.Id}}', name);

describe('save and load', () => {
  test('every blob of an archive is what its name says, and the layers are those of the diff ids', async () => {
    const file = join(engine.directory, 'saved.tar');
    await engine.dockerText('save', '-o', file, redis);
    const tree = join(engine.directory, 'saved');
    mkdirSync(tree);
    expect(spawnSync('tar', ['-xf', file, '-C', tree]).status).toBe(0);
    const blobs = readdirSync(join(tree, 'blobs/sha256'));
    for (const name of blobs) expect(sha256(readFileSync(join(tree, 'blobs/sha256', name)))).toBe(name);
    const [manifest] = JSON.parse(readFileSync(join(tree, 'manifest.json'), 'utf8')) as {
      Config: string;
      RepoTags: string[];
      Layers: string[];
    }[];
    const [inspected] = JSON.parse(await engine.dockerText('inspect', redis)) as {
      Id: string;
      RootFS: { Layers: string[] };
    }[];
    expect(manifest).toEqual({
      Config: `blobs/sha256/${inspected?.Id.slice(7)}`,
      RepoTags: [redis],
      Layers: inspected?.RootFS.Layers.map((diffId) => `blobs/sha256/${diffId.slice(7)}`),
    });
  });

  test('an image comes back by load, plain, gzip or zstd, under its id and name', async () => {
    const file = join(engine.directory, 'again.tar');
    const id = await idOf(redis);
    await engine.dockerText('save', '-o', file, redis);
    const plain = readFileSync(file);
    const forms = { plain, gzip: gzipSync(plain, { level: 1 }), zstd: zstdCompressSync(plain) };
    for (const bytes of Object.values(forms)) {
      await engine.dockerText('rmi', redis);
      writeFileSync(file, bytes);
      expect(await engine.dockerText('load', '-i', file)).toBe(`Loaded image: ${redis}`);
      expect(await idOf(redis)).toBe(id);
    }
    const run = await engine.dockerText(
      'run',
      '--rm',
      '--network',
      'none',
      redis,
      'redis-server',
      '--version',
    );
    expect(run).toContain('Redis server v=7');
    expect(storeContents(engine).tmp).toEqual([]);
  });

  test('by id an archive has no names; of several images it has all', async () => {
    const file = join(engine.directory, 'ids.tar');
    const id = await idOf(redis);
    await engine.dockerText('save', '-o', file, id);
    await engine.dockerText('rmi', redis);
    expect(await engine.dockerText('load', '-i', file)).toBe(`Loaded image ID: ${id}`);
    await engine.dockerText('tag', id, 'one:1');
    await engine.dockerText('tag', id, 'two:2');
    await engine.dockerText('save', '-o', file, 'one:1', 'two:2');
    await engine.dockerText('rmi', 'one:1', 'two:2');
    const loaded = await engine.dockerText('load', '-i', file);
    expect(loaded.split('\n').sort()).toEqual(['Loaded image: one:1', 'Loaded image: two:2']);
    await engine.dockerText('tag', id, redis);
    await engine.dockerText('rmi', 'one:1', 'two:2');
  });

  test('a name that another image has goes to the loaded one, which is said', async () => {
    const file = join(engine.directory, 'renamed.tar');
    await engine.dockerText('tag', redis, 'contested:1');
    await engine.dockerText('save', '-o', file, 'contested:1');
    await engine.dockerText('pull', '-q', `${registry.address}/busybox`);
    await engine.dockerText('tag', `${registry.address}/busybox`, 'contested:1');
    const before = await idOf('contested:1');
    expect(await engine.dockerText('load', '-i', file)).toBe(
      `The image contested:1 already exists, renaming the old one with ID ${before} to empty string\nLoaded image: contested:1`,
    );
    expect(await idOf('contested:1')).toBe(await idOf(redis));
    await engine.dockerText('rmi', 'contested:1');
  });

  test('what is no archive, or half of one, leaves nothing', async () => {
    const before = storeContents(engine);
    const file = join(engine.directory, 'half.tar');
    await engine.dockerText('save', '-o', file, redis);
    const whole = readFileSync(file);
    const bad: [Buffer, RegExp][] = [
      [Buffer.from('not a tar at all'), /unexpected EOF/],
      [whole.subarray(0, whole.length / 2), /unexpected EOF/],
      [Buffer.alloc(10240), /does not contain a manifest.json/],
    ];
    for (const [bytes, words] of bad) {
      writeFileSync(file, bytes);
      const { code, stderr } = await engine.docker(['load', '-i', file]);
      expect(code).toBe(1);
      expect(stderr).toMatch(words);
      expect(storeContents(engine)).toEqual(before);
    }
    const answer = await engine.api('POST', '/images/load', { body: 'junk' });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ berth: { code: 'archive-invalid' } });
    expect(await engine.docker(['save', 'nope'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No such image: nope'),
    });
  });
});

describe('import', () => {
  test('a tar becomes an image of one layer, with the changes asked for', async () => {
    const tree = join(engine.directory, 'import');
    mkdirSync(join(tree, 'etc'), { recursive: true });
    writeFileSync(join(tree, 'etc/motd'), 'hello\n');
    const packed = spawnSync('tar', ['-cf', '-', '-C', tree, '.']);
    const id = await engine.docker(
      ['import', '-m', 'made by hand', '-c', 'ENV A=1 B="two words"', '-c', 'CMD ["x"]', '-', 'made:1'],
      { input: packed.stdout },
    );
    expect(id.stdout.trim()).toBe(await idOf('made:1'));
    const [found] = JSON.parse(await engine.dockerText('inspect', 'made:1')) as {
      Config: { Env: string[]; Cmd: string[] };
      Comment: string;
    }[];
    expect(found).toMatchObject({
      Config: { Env: ['A=1', 'B=two words'], Cmd: ['x'] },
      Comment: 'made by hand',
    });
    const history = await engine.dockerText('history', '--format', '{{.Comment}}', 'made:1');
    expect(history).toBe('made by hand');
  });

  test('from a URL, which is told', async () => {
    const tree = join(engine.directory, 'web');
    mkdirSync(tree);
    writeFileSync(join(tree, 'file'), 'x');
    const tar = spawnSync('tar', ['-cf', '-', '-C', tree, '.']).stdout;
    await using server = createServer((request, response) => {
      if (request.url === '/root.tar.gz') response.end(gzipSync(tar));
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/root.tar.gz`;
    const done = await engine.docker(['import', url, 'web:1']);
    expect(done.code).toBe(0);
    expect(done.stdout).toContain(`Downloading from ${url}`);
    const missing = await engine.docker(['import', `${url}x`, 'web:2']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('404 Not Found');
    expect(await engine.dockerText('images', '--format', '{{.Tag}}', 'web')).toBe('1');
  });

  test('a bad change, a bad name, a bad tar: nothing is made', async () => {
    const before = storeContents(engine);
    const api = async (query: string, body: string) => {
      const answer = await engine.api('POST', `/images/create?fromSrc=-&${query}`, { body });
      const { message, berth } = answer.json() as { message: string; berth: { code: string } };
      return [answer.status, message, berth.code];
    };
    expect(await api('repo=Bad', '')).toEqual([
      400,
      'invalid reference format: repository name (library/Bad) must be lowercase',
      'bad-reference',
    ]);
    expect(await api('repo=x&changes=FROM%20y', '')).toEqual([
      400,
      'from is not a valid change command',
      'bad-parameter',
    ]);
    const [status, , code] = await api('repo=x', 'junk'.repeat(1000));
    expect([status, code]).toEqual([500, 'layer-invalid']);
    expect(storeContents(engine)).toEqual(before);
  });
});
