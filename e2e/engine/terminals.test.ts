import { createConnection, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Terminal } from '../../engine/api/terminals.ts';
import { startEngine, type TestEngine } from './engine.ts';

let engine: TestEngine;
let container: string;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
  await engine.dockerText('run', '-d', '--name', 'box', 'busybox', 'sleep', '100000');
  container = (await engine.dockerText('inspect', '-f', '{{.Id}}', 'box')).trim();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const size = { rows: 24, columns: 80 };

async function open(request: object = {}): Promise<Terminal> {
  const path = `/berth/containers/${container}/terminals`;
  const answer = await engine.api('POST', path, { body: { ...size, ...request } });
  expect(answer.status).toBe(201);
  return answer.json() as Terminal;
}

const get = async (id: string) => (await engine.api('GET', `/berth/terminals/${id}`)).json() as Terminal;

/** One who has a terminal open. */
class Viewer {
  readonly #socket: Socket;
  #text = '';
  #wake = () => {};
  readonly closed: Promise<void>;

  constructor(id: string) {
    this.#socket = createConnection(engine.socket);
    const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
    this.#socket.write(`POST /berth/terminals/${id}/attach HTTP/1.1\r\n${upgrade}`);
    this.#socket.on('data', (bytes) => {
      this.#text += bytes.toString();
      this.#wake();
    });
    this.closed = new Promise((resolve) => this.#socket.once('end', resolve));
  }

  /** Settles once so much was shown; what came before the terminal's own output is left out. */
  async shows(part: string): Promise<string> {
    while (!this.text.includes(part)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.text;
  }

  get text(): string {
    return this.#text.split('\r\n\r\n').slice(1).join('\r\n\r\n');
  }

  type(text: string): void {
    this.#socket.write(text);
  }

  leave(): void {
    this.#socket.destroy();
  }
}

test('the shell that the image has, its size, and typed words', async () => {
  const terminal = await open();
  expect(terminal).toMatchObject({ containerId: container, command: ['sh'], running: true, exitCode: null });
  const viewer = new Viewer(terminal.id);
  viewer.type('stty size; echo sum $((20 + 3))\n');
  await viewer.shows('24 80\r\nsum 23\r\n');
  const resized = await engine.api('POST', `/berth/terminals/${terminal.id}/resize?h=30&w=100`);
  expect(resized.status).toBe(200);
  viewer.type('stty size\n');
  await viewer.shows('30 100\r\n');
  viewer.type('exit 5\n');
  await viewer.closed;
  expect(await get(terminal.id)).toMatchObject({ running: false, exitCode: 5 });
  // What it showed is still there to be read.
  expect(await new Viewer(terminal.id).shows('sum 23')).toContain('24 80');
});

test('two see the same, and one that leaves takes nothing with it', async () => {
  const { id } = await open();
  const [first, second] = [new Viewer(id), new Viewer(id)];
  first.type('echo from-$((1 + 1))\n');
  await Promise.all([first.shows('from-2\r\n'), second.shows('from-2\r\n')]);
  first.leave();
  second.type('echo still-$((1 + 2))\n');
  await second.shows('still-3\r\n');
  expect(await get(id)).toMatchObject({ running: true });
});

describe.each(['SIGTERM', 'SIGKILL'] as const)('an engine ended by %s', (signal) => {
  test('leaves a terminal running, with what was shown and what is shown meanwhile', async () => {
    const { id } = await open();
    const before = new Viewer(id);
    before.type('echo before-$((1 + 1)); read go < /dev/null; sleep 0.2; echo meanwhile-$((1 + 1))\n');
    await before.shows('before-2\r\n');
    await engine.stop(signal);
    await engine.start();
    expect(await get(id)).toMatchObject({ running: true, command: ['sh'] });
    const after = new Viewer(id);
    await after.shows('meanwhile-2\r\n');
    expect(after.text).toContain('before-2\r\n');
    after.type('echo typed-$((1 + 1))\n');
    await after.shows('typed-2\r\n');
    expect((await engine.api('DELETE', `/berth/terminals/${id}`)).status).toBe(204);
    await after.closed;
    expect((await engine.api('GET', `/berth/terminals/${id}`)).status).toBe(404);
  });
});

test('a flood is kept to its bounds, and a viewer that does not read holds it back', async () => {
  const { id } = await open();
  const idle = new Viewer(id);
  await idle.shows('# ');
  const viewer = new Viewer(id);
  viewer.type('seq 1 300000; echo flood-$((1 + 1))\n');
  await viewer.shows('flood-2\r\n');
  const late = new Viewer(id);
  await late.shows('flood-2\r\n');
  expect(late.text.length).toBeLessThan(2_200_000);
  expect(late.text).toContain('299999\r\n300000\r\n');
});

test('what cannot be opened is refused as exec is', async () => {
  const missing = await engine.api('POST', `/berth/containers/${container}/terminals`, {
    body: { ...size, command: ['/no/such'] },
  });
  expect(missing.json()).toMatchObject({ berth: { code: 'command-not-found' } });
  const wrong = await engine.api('POST', `/berth/containers/${container}/terminals`, { body: { rows: 0 } });
  expect(wrong.status).toBe(400);
  const unknown = await engine.api('GET', '/berth/terminals/nope');
  expect(unknown.json()).toMatchObject({
    message: 'No such terminal: nope',
    berth: { code: 'exec-not-found' },
  });
});

test('a container that stops ends its terminals, and one that goes takes them along', async () => {
  const { id } = await open();
  const viewer = new Viewer(id);
  await viewer.shows('# ');
  await engine.dockerText('kill', 'box');
  await viewer.closed;
  expect(await get(id)).toMatchObject({ running: false });
  await engine.dockerText('rm', 'box');
  expect((await engine.api('GET', '/berth/terminals')).json()).toEqual([]);
});
