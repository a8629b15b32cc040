import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../engine/api/errors.ts';
import { startTestRegistry, testImages } from '../images/catalogue.ts';
import { startFront } from '../images/front.ts';
import type { TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { progressLines } from './progress-lines.ts';
import { makeSmallDisk } from './small-disk.ts';
import { storeContents } from './store-contents.ts';

/** Each failure of a pull: Docker's words and status, a code of ours, and nothing left half made. */

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

const empty = { images: [], layers: [], tmp: [], downloads: [] };

/** The answer of a pull that fails before its first line. */
async function refusedPull(name: string, tag: string, headers: Record<string, string> = {}) {
  const query = new URLSearchParams({ fromImage: name, tag });
  const answer = await engine.api('POST', `/images/create?${query}`, { headers });
  const { message, berth } = answer.json() as ErrorBody;
  return { status: answer.status, message, code: berth?.code };
}

/** The last line of a pull that fails on its way. */
async function failedPull(of: TestEngine, name: string, tag = 'latest') {
  const lines = await progressLines(of, `/images/create?fromImage=${name}&tag=${tag}`);
  const line = lines.at(-1);
  expect(line?.errorDetail).toEqual({ message: line?.error });
  return { error: line?.error, code: line?.berth?.code };
}

const layersOf = (name: string) => testImages().find((image) => image.name === name)?.layers ?? [];

describe('before the first byte', () => {
  test('unknown repository and unknown tag', async () => {
    expect(await refusedPull(`${registry.address}/nope`, 'latest')).toEqual({
      status: 404,
      message: `manifest for ${registry.address}/nope:latest not found: manifest unknown: manifest unknown`,
      code: 'registry-not-found',
    });
    const zero = `sha256:${'0'.repeat(64)}`;
    expect(await refusedPull(`${registry.address}/nginx`, zero)).toEqual({
      status: 404,
      message: `manifest for ${registry.address}/nginx@${zero} not found: manifest unknown: manifest unknown`,
      code: 'registry-not-found',
    });
  });

  test('no such host', async () => {
    expect(await refusedPull('no-such-host.invalid/x', '1')).toEqual({
      status: 500,
      message: expect.stringMatching(
        /^Get "https:\/\/no-such-host\.invalid\/v2\/": dial tcp: lookup no-such-host\.invalid: (no such host|Temporary failure in name resolution)$/,
      ),
      code: 'registry-unreachable',
    });
  });

  test('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await refusedPull(`127.0.0.1:${port}/x`, '1')).toEqual({
      status: 500,
      message: `Get "http://127.0.0.1:${port}/v2/": dial tcp 127.0.0.1:${port}: connect: connection refused`,
      code: 'registry-unreachable',
    });
  });

  test('a bad name, a bad tag, a bad platform', async () => {
    expect(await refusedPull('Bad', 'x')).toEqual({
      status: 400,
      message: 'invalid reference format: repository name (library/Bad) must be lowercase',
      code: 'bad-reference',
    });
    expect(await refusedPull('fine', '!!')).toEqual({
      status: 400,
      message: 'invalid tag format',
      code: 'bad-reference',
    });
    const answer = await engine.api('POST', '/images/create?fromImage=x&tag=1&platform=foo');
    expect(answer.status).toBe(400);
    expect((answer.json() as ErrorBody).message).toBe(
      '"foo": unknown operating system or architecture: invalid argument',
    );
  });

  test('a registry without TLS that is neither loopback nor named as insecure', async () => {
    // Loopback by another name: what counts is what is written in the image's name.
    await using server = createServer((_request, response) => response.end('{}')).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const refused = await refusedPull(`0.0.0.0:${port}/x`, '1');
    expect(refused).toEqual({
      status: 500,
      message: `Get "https://0.0.0.0:${port}/v2/": http: server gave HTTP response to HTTPS client`,
      code: 'registry-insecure',
    });
  });
});

describe('on the way', () => {
  test('a layer with other bytes than its digest says', async () => {
    const [layer] = layersOf('busybox');
    await using front = await startFront(registry, async (call) => {
      if (!call.path.endsWith(`/blobs/${layer?.digest}`)) return await call.pass();
      await call.pass(async function* (body) {
        const chunks: Buffer[] = [];
        for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
        const bytes = Buffer.concat(chunks);
        // The time in the gzip header: the tar inside stays what it is.
        bytes.writeUInt32LE(1, 4);
        yield bytes;
      });
    });
    expect(await failedPull(engine, `${front.address}/busybox`)).toEqual({
      error: `filesystem layer verification failed for digest ${layer?.digest}`,
      code: 'digest-mismatch',
    });
    expect(storeContents(engine)).toEqual(empty);
    const { code, stderr } = await engine.docker(['pull', `${front.address}/busybox`]);
    expect([code, stderr.trim()]).toEqual([
      1,
      `filesystem layer verification failed for digest ${layer?.digest}`,
    ]);
  });

  test('a manifest with another digest than was asked for, and an image config too', async () => {
    await using front = await startFront(registry, async (call) => {
      const spoiled = /\/manifests\/sha256:|\/blobs\/sha256:/.test(call.path);
      await call.pass(
        spoiled
          ? async function* (body) {
              const chunks: Buffer[] = [];
              for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
              const bytes = Buffer.concat(chunks);
              bytes[bytes.length - 2] = bytes[bytes.length - 2] === 0x20 ? 0x0a : 0x20;
              yield bytes;
            }
          : undefined,
      );
    });
    const head = await fetch(`http://${registry.address}/v2/busybox/manifests/latest`, {
      headers: { Accept: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
    const digest = head.headers.get('docker-content-digest') ?? '';
    expect(await refusedPull(`${front.address}/busybox`, digest)).toEqual({
      status: 500,
      message: `manifest verification failed for digest ${digest}`,
      code: 'digest-mismatch',
    });
    const failed = await failedPull(engine, `${front.address}/busybox`);
    expect(failed.code).toBe('digest-mismatch');
    expect(failed.error).toMatch(/^image config verification failed for digest sha256:/);
    expect(storeContents(engine)).toEqual(empty);
  });

  test('a layer that ends too early', async () => {
    const [layer] = layersOf('busybox');
    const half = Math.floor((layer?.sizeBytes ?? 0) / 2);
    await using front = await startFront(registry, async (call) => {
      if (!call.path.endsWith(`/blobs/${layer?.digest}`)) return await call.pass();
      const whole = Buffer.from(await (await fetch(`http://${registry.address}${call.path}`)).arrayBuffer());
      // A server that believes in half a file: the length it says is the length it sends.
      const start = Number(/^bytes=(\d+)-/.exec(call.headers.range ?? '')?.[1] ?? 0);
      const body = whole.subarray(Math.min(start, half), half);
      call.response.writeHead(200, { 'content-length': start === 0 ? half : 0 });
      call.response.end(start === 0 ? body : undefined);
    });
    const failed = await failedPull(engine, `${front.address}/busybox`);
    expect(failed.code).toBe('layer-truncated');
    expect(failed.error).toContain('unexpected EOF');
    expect(storeContents(engine)).toEqual(empty);
  });

  test('a manifest that is none, and one whose layers are not those of its config', async () => {
    const manifest = { schemaVersion: 2, config: { digest: 'sha256:x', size: 1 }, layers: [] };
    for (const body of ['<html>', JSON.stringify(manifest), '{"schemaVersion":1}']) {
      await using front = await startFront(registry, async (call) => {
        if (!call.path.includes('/manifests/')) return await call.pass();
        call.response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      });
      const failed = await failedPull(engine, `${front.address}/busybox`);
      expect(failed.code).toBe('registry-failed');
    }
    await using front = await startFront(registry, async (call) => {
      if (!call.path.includes('/manifests/')) return await call.pass();
      const real = await fetch(`http://${registry.address}${call.path}`, {
        headers: { accept: call.headers.accept ?? '' },
      });
      const parsed = (await real.json()) as { layers: unknown[] };
      const type = real.headers.get('content-type') ?? '';
      call.response.writeHead(200, { 'content-type': type });
      call.response.end(JSON.stringify({ ...parsed, layers: [...parsed.layers, ...parsed.layers] }));
    });
    expect(await failedPull(engine, `${front.address}/busybox`)).toEqual({
      error: 'layers from manifest don’t match image configuration',
      code: 'registry-failed',
    });
    expect(storeContents(engine)).toEqual(empty);
  });

  test('a full data disk', async () => {
    using disk = makeSmallDisk(64 * 1024 * 1024);
    await using small = await startEngine({ root: disk.path });
    const failed = await failedPull(small, `${registry.address}/python`, '3.11');
    expect(failed.code).toBe('disk-full');
    expect(failed.error).toContain('no space left on device');
    expect(storeContents(small)).toMatchObject({ images: [], tmp: [], downloads: [] });
    const { code, stderr } = await small.docker(['pull', `${registry.address}/python:3.11`]);
    expect(code).toBe(1);
    expect(stderr).toContain('no space left on device');
    // The disk is as empty as before, and what fits still comes.
    expect((await small.docker(['pull', `${registry.address}/busybox`])).code).toBe(0);
    expect(
      await small.dockerText('run', '--rm', '--network', 'none', `${registry.address}/busybox`, 'echo', 'hi'),
    ).toBe('hi');
  });
});
