import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { HostState } from './api/machine.ts';
import { AlreadyRunning } from './lock.ts';
import { call, openTestHost } from './testing/host-fixture.ts';

let fixture: Awaited<ReturnType<typeof openTestHost>>;

beforeAll(async () => {
  fixture = await openTestHost();
  await fixture.ask('/api/machine/start', 'POST');
  await fixture.machine(({ phase }) => phase === 'running');
});
afterAll(() => fixture[Symbol.asyncDispose]());

test('a start goes through its stages and ends in a running engine', async () => {
  const { machine } = await fixture.state();
  expect(machine.stages.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'computer done',
    'deploy done',
    'engine done',
    'forward done',
  ]);
  expect(machine.engine).toMatchObject({ phase: 'running', version: '0.0.0-tiny' });
  expect(machine.history[0]).toMatchObject({ ok: true });
});

test('sockets are for their owner only', () => {
  expect(statSync(fixture.socketPath).mode & 0o777).toBe(0o600);
  expect(statSync(fixture.dockerSocket).mode & 0o777).toBe(0o600);
});

test('the engine answers on the docker socket of the desktop', async () => {
  const answer = await call({ socketPath: fixture.dockerSocket, path: '/version' });
  expect(JSON.parse(answer.body)).toMatchObject({ Version: '0.0.0-tiny' });
});

test('requests pass through with their bodies, without the page’s credential', async () => {
  const echo = await call(
    { socketPath: fixture.socketPath, path: '/engine/echo', method: 'POST' },
    'x'.repeat(300000),
  );
  expect(echo.body.length).toBe(300002);
  const headers = await call({
    socketPath: fixture.socketPath,
    path: '/engine/headers',
    headers: { authorization: 'Bearer x', 'x-registry-auth': 'kept' },
  });
  expect(JSON.parse(headers.body)).toMatchObject({ 'x-registry-auth': 'kept' });
  expect(headers.body).not.toContain('Bearer');
});

test('an engine’s error comes through as it is', async () => {
  const answer = await fixture.ask('/engine/nothing');
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.body)).toMatchObject({ berth: { code: 'page-not-found' } });
});

test('a caller who goes away ends the engine’s side', async () => {
  const log = async () => (await fixture.ask('/api/machine/log?source=engine&offset=0')).body;
  const socket = connect(fixture.socketPath);
  socket.write('GET /engine/endless HTTP/1.1\r\nHost: host\r\n\r\n');
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => chunk.includes('begun') && resolve());
  });
  socket.destroy();
  await expect.poll(log).toContain('endless closed');
});

test('a stream is sent by credit and says how it ended', async () => {
  const socket = openWebSocket('/api/stream');
  const frames: (string | number)[] = [];
  const gotCredit = Promise.withResolvers<void>();
  let bytes = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) frames.push(data.toString());
    else bytes += data.length;
    if (bytes === 1000) gotCredit.resolve();
  });
  await opened(socket);
  const open = { method: 'GET', path: '/bytes?size=100000', upgrade: false, credit: 1000 };
  socket.send(JSON.stringify(open));
  await gotCredit.promise;
  // Whatever else could have been sent without credit would arrive before the answer to a ping.
  await new Promise((resolve) => {
    socket.once('pong', resolve);
    socket.ping();
  });
  expect(bytes).toBe(1000);
  socket.send(JSON.stringify({ credit: 1_000_000 }));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(bytes).toBe(100000);
  expect(JSON.parse(frames[0] as string)).toMatchObject({ status: 200 });
  expect(frames.at(-1)).toBe('{"ended":"eof"}');
});

test('an upgraded stream carries bytes both ways and a half-closed input', async () => {
  const socket = openWebSocket('/api/stream');
  let text = '';
  const texts: string[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) {
      texts.push(data.toString());
      return;
    }
    text += data.toString();
    if (text === 'hello') socket.send(JSON.stringify({ end: true }));
  });
  await opened(socket);
  const open = { method: 'POST', path: '/attach', body: { Tty: true }, upgrade: true, credit: 65536 };
  socket.send(JSON.stringify(open));
  await new Promise<void>((resolve) => socket.once('message', () => resolve()));
  socket.send(Buffer.from('hello'));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(JSON.parse(texts[0] as string)).toMatchObject({ status: 101 });
  expect(text).toBe('helloafter the end\n');
  expect(texts.at(-1)).toBe('{"ended":"eof"}');
});

test('settings are checked, merged and kept, unknown keys too', async () => {
  const refused = await fixture.ask('/api/settings', 'POST', { theme: 'pink' });
  expect(refused.status).toBe(400);
  const change = { theme: 'dark', machine: { cpus: 3 }, fromTheFuture: 1 };
  const answer = await fixture.ask('/api/settings', 'POST', change);
  expect(JSON.parse(answer.body)).toMatchObject({ theme: 'dark', machine: { cpus: 3, diskGiB: 64 } });
  const stored = readFileSync(join(fixture.dir, 'data', 'settings.json'), 'utf8');
  expect(JSON.parse(stored)).toMatchObject({ fromTheFuture: 1, machine: { cpus: 3 } });
  const removed = await fixture.ask('/api/settings', 'POST', { machine: { cpus: null } });
  expect(JSON.parse(removed.body).machine).not.toHaveProperty('cpus');
});

test('a second host of the same instance is refused', async () => {
  await expect(fixture.open()).rejects.toThrow(AlreadyRunning);
});

test('a docker context is written, the current one left alone', async () => {
  const { createHash } = await import('node:crypto');
  const id = createHash('sha256').update('berth-t-host').digest('hex');
  const meta = join(fixture.dir, 'docker', 'contexts', 'meta', id, 'meta.json');
  expect(JSON.parse(readFileSync(meta, 'utf8'))).toMatchObject({
    Name: 'berth-t-host',
    Endpoints: { docker: { Host: `unix://${fixture.dockerSocket}` } },
  });
});

test('published ports follow the engine; on this host itself they are there already', async () => {
  const port = {
    containerId: 'c1',
    containerName: 'web',
    protocol: 'tcp',
    hostIp: '',
    hostPort: 8080,
    containerPort: 80,
  };
  const there = fixture.machine(({ forwards }) => forwards.length === 1);
  await fixture.ask('/engine/berth/ports', 'POST', [port]);
  expect((await there).forwards[0]).toMatchObject({
    desktopAddress: '127.0.0.1',
    desktopPort: 8080,
    containerName: 'web',
    state: 'open',
  });
  const gone = fixture.machine(({ forwards }) => forwards.length === 0);
  await fixture.ask('/engine/berth/ports', 'POST', []);
  await gone;
});

test('a killed engine is told with its problem and comes back', async () => {
  const before = await engineProcess();
  const told = fixture.machine(({ problem }) => problem?.code === 'engine-exited');
  process.kill(before, 'SIGKILL');
  expect(await told).toMatchObject({ phase: 'degraded', engine: { phase: 'lost' } });
  await fixture.machine(({ phase }) => phase === 'running');
  expect(await engineProcess()).not.toBe(before);
});

test('restarting the engine on purpose is no problem', async () => {
  const before = await engineProcess();
  const states: HostState[] = [];
  const socket = openWebSocket('/api/watch');
  socket.on('message', (data: Buffer) => states.push(JSON.parse(data.toString())));
  await opened(socket);
  await fixture.ask('/api/engine/restart', 'POST');
  await fixture.machine(({ engine }) => engine.phase === 'starting');
  // Whoever connects meanwhile waits for the new one.
  const answer = await call({ socketPath: fixture.dockerSocket, path: '/version' });
  expect(JSON.parse(answer.body)).toMatchObject({ Version: '0.0.0-tiny' });
  await fixture.machine(({ engine, phase }) => phase === 'running' && engine.phase === 'running');
  expect(await engineProcess()).not.toBe(before);
  expect(states.some(({ machine }) => machine.problem)).toBe(false);
  socket.terminate();
});

async function engineProcess(): Promise<number> {
  const answer = await fixture.ask('/engine/version');
  return (JSON.parse(answer.body) as { pid: number }).pid;
}

function openWebSocket(path: string): WebSocket {
  return new WebSocket(`ws+unix://${fixture.socketPath}:${path}`, ['berth']);
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
}
