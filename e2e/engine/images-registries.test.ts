import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../engine/api/errors.ts';
import { startTestRegistry, testImages } from '../images/catalogue.ts';
import { issueCertificate, type KeyPair, makeAuthority } from '../images/certificates.ts';
import { startFront } from '../images/front.ts';
import { startProxy } from '../images/proxy.ts';
import { pushImage, type TestImage } from '../images/push.ts';
import { startRegistry, type TestRegistry } from '../images/registry.ts';
import { startTokenServer, tokenIssuer, tokenService } from '../images/token-server.ts';
import { makeConfig } from './config-file.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { progressLines } from './progress-lines.ts';

/** How registries are reached: sign-in by tokens, mirrors, certificates, proxies, limits, redirects. */

let directory: string;
let registry: TestRegistry;
let busybox: TestImage;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'berth-reg-'));
  registry = await startTestRegistry();
  const found = testImages().find((image) => image.name === 'busybox');
  if (found === undefined) throw new Error('no busybox');
  busybox = found;
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const login = (engine: TestEngine, password: string, address: string) =>
  engine.docker(['login', '-u', 'someone', '--password-stdin', address], { input: password });

describe('bearer tokens', () => {
  const withTokens = async (lifeSeconds?: number) => {
    const signer = makeAuthority(directory, 'signer');
    const user = { name: 'someone', password: 'secret' };
    const tokens = await startTokenServer({ ...signer, user, ...(lifeSeconds ? { lifeSeconds } : {}) });
    const secured = await startRegistry({
      token: {
        realm: tokens.realm,
        service: tokenService,
        issuer: tokenIssuer,
        certificate: signer.certificate,
      },
    });
    return {
      tokens,
      address: secured.address,
      async [Symbol.asyncDispose]() {
        await secured[Symbol.asyncDispose]();
        await tokens[Symbol.asyncDispose]();
      },
    };
  };

  test('sign in, push, pull; without a sign-in only what is public, in Docker’s words', async () => {
    await using secured = await withTokens();
    await using engine = await startEngine();
    await engine.importBusybox();
    const name = `${secured.address}/private/box:1`;
    await engine.dockerText('tag', 'busybox', name);
    const anonymous = await engine.docker(['push', name]);
    expect(anonymous.code).toBe(1);
    expect(anonymous.stderr).toMatch(/denied|unauthorized/);
    const wrong = await login(engine, 'wrong', secured.address);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('unauthorized: incorrect username or password');
    expect((await login(engine, 'secret', secured.address)).stdout).toContain('Login Succeeded');
    for (const repository of ['private/box:1', 'public/box:1']) {
      await engine.dockerText('tag', 'busybox', `${secured.address}/${repository}`);
      await engine.dockerText('push', `${secured.address}/${repository}`);
    }
    // The CLI keeps the identity token; the password is not asked for again.
    const before = secured.tokens.asked.length;
    await engine.dockerText('pull', name);
    expect(secured.tokens.asked.slice(before).map(({ grant }) => grant)).toEqual(['refresh']);
    await engine.dockerText('logout', secured.address);
    await engine.dockerText('pull', `${secured.address}/public/box:1`);
    const query = new URLSearchParams({ fromImage: `${secured.address}/private/box`, tag: '1' });
    const refused = await engine.api('POST', `/images/create?${query}`);
    expect(refused.status).toBe(404);
    const { message, berth } = refused.json() as ErrorBody;
    expect(message).toBe(
      `pull access denied for ${secured.address}/private/box, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    );
    expect(berth?.code).toBe('registry-denied');
  });

  test('a token that runs out is renewed before it is refused', async () => {
    await using secured = await withTokens(2);
    await using engine = await startEngine();
    await engine.importBusybox();
    await login(engine, 'secret', secured.address);
    const name = `${secured.address}/public/box:1`;
    await engine.dockerText('tag', 'busybox', name);
    await engine.dockerText('push', name);
    await engine.dockerText('rmi', name, 'busybox');
    let layers = 0;
    await using front = await startFront({ address: secured.address }, async (call) => {
      // The registry's own clock decides: this answer comes when the first token is no good any more.
      if (/\/blobs\//.test(call.path) && layers++ === 0) {
        await new Promise((resolve) => setTimeout(resolve, 2500));
      }
      await call.pass();
    });
    const before = secured.tokens.asked.length;
    await engine.dockerText('pull', `${front.address}/public/box:1`);
    expect(secured.tokens.asked.length - before).toBeGreaterThan(1);
  });
});

describe('mirrors of Docker Hub', () => {
  test('the first that has the image serves it; a dead one is passed over; the name stays Docker Hub’s', async () => {
    await pushImage(registry, { ...busybox, name: 'library/busybox' });
    const closed = createPlainServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const dead = (closed.address() as AddressInfo).port;
    await new Promise((resolve) => closed.close(resolve));
    await using empty = await startRegistry();
    await using front = await startFront(registry, (call) => call.pass());
    using config = makeConfig({
      'registry-mirrors': [`http://127.0.0.1:${dead}`, `http://${empty.address}/`, `http://${front.address}`],
    });
    await using engine = await startEngine({ config: config.file });
    const pulled = await engine.dockerText('pull', 'busybox');
    expect(pulled).toContain('Status: Downloaded newer image for busybox:latest');
    expect(pulled).toContain('latest: Pulling from library/busybox');
    expect(await engine.dockerText('images', '--format', '{{.Repository}}')).toBe('busybox');
    expect(front.calls.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    const info = JSON.parse(
      await engine.dockerText('info', '-f', '{{json .RegistryConfig.Mirrors}}'),
    ) as string[];
    expect(info).toHaveLength(3);
  });

  test('no sign-in for Docker Hub is shown to a mirror', async () => {
    await using mirror = await startFront(registry, async (call) => {
      call.response.writeHead(401, { 'www-authenticate': 'Basic realm="mirror"' }).end();
    });
    using config = makeConfig({ 'registry-mirrors': [`http://${mirror.address}`] });
    await using engine = await startEngine({ config: config.file });
    const auth = Buffer.from(JSON.stringify({ username: 'someone', password: 'secret' })).toString(
      'base64url',
    );
    const answer = await engine.api('POST', '/images/create?fromImage=busybox&tag=latest', {
      headers: { 'X-Registry-Auth': auth },
    });
    expect(answer.status).toBe(500);
    expect(mirror.calls.length).toBeGreaterThan(0);
    expect(mirror.calls.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

describe('TLS', () => {
  let authority: KeyPair;
  let server: KeyPair;
  beforeAll(() => {
    authority = makeAuthority(directory, 'private');
    server = issueCertificate(authority, {
      directory,
      name: 'server',
      subjects: ['IP:127.0.0.1', 'DNS:registry.test'],
    });
  });

  test('a private authority and a client’s certificate, from certs.d beside daemon.json', async () => {
    const clients = makeAuthority(directory, 'clients');
    await using secured = await startRegistry({ tls: { ...server, clientAuthority: clients.certificate } });
    const host = `registry.test:${secured.port}`;
    await using proxy = await startProxy({ [host]: secured.address });
    using config = makeConfig({ proxies: { 'https-proxy': proxy.url } });
    await using engine = await startEngine({ config: config.file });
    await engine.importBusybox();
    const name = `${host}/box:1`;
    await engine.dockerText('tag', 'busybox', name);
    const stranger = await engine.docker(['push', name]);
    expect(stranger.stderr).toContain('x509: certificate signed by unknown authority');
    const certificates = join(config.directory, 'certs.d', host);
    mkdirSync(certificates, { recursive: true });
    copyFileSync(authority.certificate, join(certificates, 'ca.crt'));
    const without = await engine.docker(['push', name]);
    expect(without.code).toBe(1);
    const client = issueCertificate(clients, { directory, name: 'client' });
    copyFileSync(client.certificate, join(certificates, 'client.cert'));
    const half = await engine.docker(['push', name]);
    expect(half.stderr).toContain('missing key client.key for client certificate client.cert');
    copyFileSync(client.key, join(certificates, 'client.key'));
    await engine.dockerText('push', name);
    await engine.dockerText('rmi', name);
    await engine.dockerText('pull', name);
    expect(new Set(proxy.passed)).toEqual(new Set([`CONNECT ${host}`]));
  });

  test('a certificate of another name, and any certificate of a registry named as insecure', async () => {
    const other = issueCertificate(authority, { directory, name: 'other', subjects: ['DNS:elsewhere.test'] });
    await using secured = await startRegistry({ tls: other });
    const host = `registry.test:${secured.port}`;
    await using proxy = await startProxy({ [host]: secured.address });
    using config = makeConfig({ proxies: { 'https-proxy': proxy.url } });
    const certificates = join(config.directory, 'certs.d', host);
    mkdirSync(certificates, { recursive: true });
    copyFileSync(authority.certificate, join(certificates, 'ca.crt'));
    await using engine = await startEngine({ config: config.file });
    const answer = await engine.api('POST', `/images/create?fromImage=${host}/box&tag=1`);
    expect(answer.status).toBe(500);
    expect((answer.json() as ErrorBody).message).toBe(
      `Get "https://${host}/v2/": tls: failed to verify certificate: x509: certificate is not valid for any names, but wanted to match registry.test`,
    );
    using insecure = makeConfig({ proxies: { 'https-proxy': proxy.url }, 'insecure-registries': [host] });
    await using careless = await startEngine({ config: insecure.file });
    await careless.importBusybox();
    await careless.dockerText('tag', 'busybox', `${host}/box:1`);
    await careless.dockerText('push', `${host}/box:1`);
  });
});

test('a plain registry that is named as insecure is reached by the proxy, but for what no-proxy names', async () => {
  const { port } = new URL(`http://${registry.address}`);
  const host = `registry.test:${port}`;
  await using proxy = await startProxy({ [host]: registry.address });
  using config = makeConfig({
    'insecure-registries': [host],
    proxies: { 'http-proxy': proxy.url, 'https-proxy': proxy.url, 'no-proxy': 'direct.test' },
  });
  await using engine = await startEngine({ config: config.file });
  await engine.dockerText('pull', `${host}/busybox`);
  expect(proxy.passed).toContain(`GET http://${host}/v2/`);
  // Loopback never goes by a proxy.
  const count = proxy.passed.length;
  await engine.dockerText('pull', `${registry.address}/busybox`);
  expect((await engine.docker(['pull', 'direct.test:5000/x'])).stderr).toContain('direct.test');
  expect(proxy.passed).toHaveLength(count);
});

describe('limits', () => {
  test('a wait that the registry asks for is kept and told', async () => {
    let refusals = 2;
    await using front = await startFront(registry, async (call) => {
      if (!/\/manifests\//.test(call.path) || refusals === 0) return await call.pass();
      refusals -= 1;
      call.response.writeHead(429, { 'retry-after': '1', 'content-type': 'application/json' });
      call.response.end(JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] }));
    });
    await using engine = await startEngine();
    const lines = await progressLines(engine, `/images/create?fromImage=${front.address}/busybox&tag=latest`);
    const retry = { status: 'Retrying in 1 second', progressDetail: {}, id: 'latest' };
    expect(lines.slice(0, 2)).toEqual([retry, retry]);
    expect(lines.at(-1)?.status).toMatch(/^Status: Downloaded newer image/);
  });

  test('a long one is an error that says until when', async () => {
    await using front = await startFront(registry, async (call) => {
      if (!/\/manifests\//.test(call.path)) return await call.pass();
      call.response.writeHead(429, { 'retry-after': '3600', 'content-type': 'application/json' });
      call.response.end(
        JSON.stringify({
          errors: [{ code: 'TOOMANYREQUESTS', message: 'You have reached your pull rate limit.' }],
        }),
      );
    });
    await using engine = await startEngine();
    const answer = await engine.api('POST', `/images/create?fromImage=${front.address}/busybox&tag=latest`);
    expect(answer.status).toBe(500);
    const { message, berth } = answer.json() as ErrorBody;
    expect(message).toMatch(
      /^toomanyrequests: You have reached your pull rate limit\. \(try again after \d{4}-\d\d-\d\dT/,
    );
    expect(berth?.code).toBe('registry-rate-limited');
    const minutes = (Date.parse(String(berth?.params.retryAt)) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(55);
    expect(minutes).toBeLessThan(65);
  });

  test('an image that is here costs no pull: HEAD tells', async () => {
    await using front = await startFront(registry, (call) => call.pass());
    await using engine = await startEngine();
    const name = `${front.address}/busybox:latest`;
    await engine.dockerText('pull', name);
    const before = front.calls.length;
    expect(await engine.dockerText('pull', name)).toContain('Image is up to date');
    const asked = front.calls.slice(before).filter(({ path }) => path.includes('/manifests/'));
    expect(asked.map(({ method }) => method)).toEqual(['HEAD']);
  });
});

test('a redirect to another host does not take the sign-in along', async () => {
  const seen: (string | undefined)[] = [];
  await using store = createServer((request, response) => {
    seen.push(request.headers.authorization);
    fetch(`http://${registry.address}${request.url}`)
      .then(async (answer) => response.end(Buffer.from(await answer.arrayBuffer())))
      .catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => store.once('listening', resolve));
  const { port } = store.address() as AddressInfo;
  await using front = await startFront(registry, async (call) => {
    if (call.headers.authorization === undefined) {
      call.response.writeHead(401, { 'www-authenticate': 'Basic realm="front"' }).end();
    } else if (/\/blobs\/sha256:/.test(call.path)) {
      call.response.writeHead(307, { location: `http://127.0.0.1:${port}${call.path}` }).end();
    } else await call.pass();
  });
  await using engine = await startEngine();
  const auth = Buffer.from(JSON.stringify({ username: 'someone', password: 'secret' })).toString('base64url');
  const answer = await engine.api('POST', `/images/create?fromImage=${front.address}/busybox&tag=latest`, {
    headers: { 'X-Registry-Auth': auth },
  });
  expect(answer.text).toContain('Downloaded newer image');
  expect(seen).toEqual([undefined, undefined]);
});
