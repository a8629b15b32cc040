import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startSshd } from '../testing/sshd.ts';
import { DockerSocket } from './docker-socket.ts';
import { engineAgent } from './engine-watch.ts';
import type { Link } from './link.ts';
import { connectSsh, makeKeyPair } from './ssh.ts';

const signal = new AbortController().signal;
let sshd: Awaited<ReturnType<typeof startSshd>>;
let link: Link;
const servers: Server[] = [];

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd[Symbol.asyncDispose]());
beforeEach(async () => {
  link = await connectSsh(sshd.address, { signal });
});
afterEach(async () => {
  link.close();
  await link.closed;
  for (const server of servers.splice(0)) server.close();
});

/** A server in the machine that hashes its input to the end, then answers the digest and the bytes given. */
async function digestServer(output: Buffer): Promise<string> {
  const path = join(sshd.dir, `digest-${servers.length}.sock`);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => hash.update(chunk));
    socket.on('end', () => {
      socket.write(hash.digest('hex'));
      socket.end(output);
    });
  });
  servers.push(server);
  await once(server.listen(path), 'listening');
  return path;
}

async function desktopEnd(path: string): Promise<{ socket: DockerSocket; path: string }> {
  const desktop = join(sshd.dir, `desktop-${Math.random().toString(36).slice(2)}.sock`);
  const socket = new DockerSocket({ path: desktop, open: () => link.openSocket(path) });
  await socket.listen();
  return { socket, path: desktop };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('commands answer with code, output and errors; input is pushed through', async () => {
  const result = await link.exec('cat; echo wrong >&2; exit 7', { input: Buffer.from('pushed') });
  expect(result.code).toBe(7);
  expect(result.stdout.toString()).toBe('pushed');
  expect(result.stderr.toString()).toBe('wrong\n');
});

test('a command whose opening, output and end come in one piece is answered too', async () => {
  await using slow = await startGathering(sshd.address.port);
  const gathered = await connectSsh({ ...sshd.address, port: slow.port }, { signal });
  const result = await gathered.exec('echo all at once; exit 3');
  expect(result).toMatchObject({ code: 3, stdout: Buffer.from('all at once\n') });
  gathered.close();
});

test('a pushed stream of megabytes arrives whole', async () => {
  const bytes = randomBytes(5_000_000);
  const result = await link.exec('sha256sum', {
    input: Readable.from([bytes.subarray(0, 17), bytes.subarray(17)]),
  });
  expect(result.stdout.toString().slice(0, 64)).toBe(sha256(bytes));
});

test('an aborted command is an aborted command', async () => {
  const controller = new AbortController();
  const running = link.exec('cat >/dev/null; sleep 1000', {
    signal: controller.signal,
    input: new Readable({ read() {} }),
  });
  controller.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  expect((await link.exec('echo alive')).stdout.toString()).toBe('alive\n');
});

test('half-closed connections carry every byte both ways', async () => {
  const output = randomBytes(3_000_000);
  const machine = await digestServer(output);
  const desktop = await desktopEnd(machine);
  const rounds = Array.from({ length: 12 }, async (_, round) => {
    const input = randomBytes(round * 400_000 + round);
    const client = connect({ path: desktop.path, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.end(input);
    await once(client, 'end');
    const all = Buffer.concat(chunks);
    expect(all.subarray(0, 64).toString()).toBe(sha256(input));
    expect(sha256(all.subarray(64))).toBe(sha256(output));
    client.destroy();
  });
  await Promise.all(rounds);
  await desktop.socket.close();
});

test('a client that sends and leaves has all its bytes delivered', async () => {
  const received = Promise.withResolvers<string>();
  const path = join(sshd.dir, 'sink.sock');
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256');
    socket.on('data', (chunk) => hash.update(chunk));
    socket.on('end', () => {
      received.resolve(hash.digest('hex'));
      socket.end();
    });
  });
  servers.push(server);
  await once(server.listen(path), 'listening');
  const desktop = await desktopEnd(path);
  const input = randomBytes(6_000_000);
  const client = connect(desktop.path);
  client.end(input, () => client.destroy());
  expect(await received.promise).toBe(sha256(input));
  await desktop.socket.close();
});

test('the end of the machine’s side reaches the client after its bytes, and ends it', async () => {
  const path = join(sshd.dir, 'talker.sock');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(Buffer.alloc(2_000_000, 1), () => socket.destroy());
  });
  servers.push(server);
  await once(server.listen(path), 'listening');
  const desktop = await desktopEnd(path);
  const client = connect({ path: desktop.path, allowHalfOpen: true });
  let size = 0;
  client.on('data', (chunk: Buffer) => {
    size += chunk.length;
  });
  await once(client, 'end');
  expect(size).toBe(2_000_000);
  client.destroy();
  await desktop.socket.close();
});

test('HTTP runs over the link with kept-alive connections, also beside one that nobody reads', async () => {
  const path = join(sshd.dir, 'http.sock');
  const http = createHttpServer((incoming, response) => {
    if (incoming.url === '/flood') response.end(Buffer.alloc(20_000_000));
    else response.end('ok');
  });
  servers.push(http);
  await once(http.listen(path), 'listening');
  let connections = 0;
  http.on('connection', () => connections++);
  const agent = engineAgent(link, path);
  const get = (url: string) =>
    new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      request({ agent, path: url }, resolve).on('error', reject).end();
    });
  const stalled = await get('/flood');
  for (let round = 0; round < 10; round++) {
    const answer = await get('/');
    expect(Buffer.concat(await answer.toArray()).toString()).toBe('ok');
  }
  expect(connections).toBe(2);
  stalled.destroy();
  agent.destroy();
});

test('a connection that the engine closes while idle is not used again', async () => {
  const path = join(sshd.dir, 'idle.sock');
  const http = createHttpServer((_incoming, response) => response.end('ok'));
  servers.push(http);
  const accepted: Socket[] = [];
  http.on('connection', (socket: Socket) => accepted.push(socket));
  await once(http.listen(path), 'listening');
  const agent = engineAgent(link, path);
  const get = () =>
    new Promise<string>((resolve, reject) => {
      request({ agent, path: '/' }, async (answer) =>
        resolve(Buffer.concat(await answer.toArray()).toString()),
      )
        .on('error', reject)
        .end();
    });
  const idle = () => Object.values(agent.freeSockets).flat().length;
  for (let round = 1; round <= 3; round++) {
    expect(await get()).toBe('ok');
    await expect.poll(idle).toBe(1);
    accepted.at(-1)?.destroy();
    await expect.poll(idle).toBe(0);
  }
  agent.destroy();
});

test('a missing socket is an error, and so is one on a closed connection', async () => {
  await expect(link.openSocket(join(sshd.dir, 'none.sock'))).rejects.toThrow();
  link.close();
  await expect(link.openSocket('/tmp/x')).rejects.toThrow();
  expect(await link.closed).toBeUndefined();
});

test('a machine with another host key is refused before anything is sent', async () => {
  const hostKeyPublic = makeKeyPair('other').public;
  await expect(connectSsh({ ...sshd.address, hostKeyPublic }, { signal })).rejects.toMatchObject({
    problem: { code: 'ssh-refused', detail: expect.stringContaining('another host key') },
  });
});

test('a stranger’s key is refused', async () => {
  const clientKey = makeKeyPair('stranger').private;
  await expect(connectSsh({ ...sshd.address, clientKey }, { signal })).rejects.toMatchObject({
    problem: { code: 'ssh-refused' },
  });
});

test('a killed sshd process is noticed, its streams end with an error, nothing leaks', async () => {
  const path = await digestServer(Buffer.alloc(10));
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let round = 0; round < 5; round++) {
    const doomed = await connectSsh(sshd.address, { signal });
    const stream = await doomed.openSocket(path);
    const failed = once(stream, 'error');
    const { stdout } = await doomed.exec('echo $PPID');
    process.kill(Number(stdout.toString()), 'SIGKILL');
    expect(await doomed.closed).toMatchObject({ code: 'ssh-lost' });
    expect(doomed.alive).toBe(false);
    await failed;
  }
  await expect.poll(descriptors).toBeLessThanOrEqual(before + 1);
});

test('published ports are reached by TCP channels', async () => {
  const server = createServer((socket: Socket) => socket.end('hello'));
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const stream = await link.openTcp('127.0.0.1', port);
  expect(Buffer.concat(await stream.toArray()).toString()).toBe('hello');
});

/** A way to the server as a busy computer makes it: its bytes arrive late and many at once. */
async function startGathering(port: number): Promise<AsyncDisposable & { port: number }> {
  const gatherMs = 150;
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    const upstream = connect(port, '127.0.0.1');
    let held: Buffer[] = [];
    upstream.on('data', (chunk: Buffer) => {
      if (held.push(chunk) > 1) return;
      setTimeout(() => {
        client.write(Buffer.concat(held));
        held = [];
      }, gatherMs);
    });
    client.pipe(upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    upstream.on('close', () => client.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
