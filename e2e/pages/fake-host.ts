import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { StreamEnded, StreamOpen, StreamOpened } from '../../electron/host/api/http.ts';
import type { HostState } from '../../electron/host/api/machine.ts';
import { FakeEngine } from './fake-engine.ts';
import { recordedSample } from './recorded-life.ts';
import { logFrame, logFrames } from './recorded-logs.ts';
import { runningState } from './recorded-machine.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};
const rendererDir = join(import.meta.dirname, '../../build/renderer');
const secret = 'page-secret';

function startSettings(): Record<string, unknown> {
  return {
    language: 'en',
    theme: 'light',
    machine: { kind: 'qemu', diskGiB: 64 },
    engine: { 'insecure-registries': [], debug: false },
  };
}

/** The same policy as the real host's, so that a page that breaks it breaks here too. */
function policy(port: number): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self' ws://127.0.0.1:${port}`,
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * A small real HTTP server with the host's contract and recorded data, so that every state of the page can be
 * shown at will. Each test has its own.
 */
export class FakeHost implements AsyncDisposable {
  engine = new FakeEngine();
  /** Every call of the page, as "METHOD /path". */
  readonly requests: string[] = [];
  settings = startSettings();
  logText = '[    0.000000] Linux version 6.12.57\n[   29.114000] berth-init: sshd is ready\n';
  #state: HostState = runningState();
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'berth' });
  readonly #watchers = new Set<WebSocket>();

  static async start(state: HostState = runningState()): Promise<FakeHost> {
    const host = new FakeHost();
    host.#state = state;
    host.#server.on('upgrade', (request, socket, head) => {
      const offered = request.headers['sec-websocket-protocol'] ?? '';
      if (!offered.includes(`berth.${secret}`)) return socket.destroy();
      host.#sockets.handleUpgrade(request, socket, head, (webSocket) =>
        host.#upgraded(request.url ?? '', webSocket),
      );
    });
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A URL of the page with its token, as `berth open` prints it. */
  url(path = '/containers'): string {
    return `http://127.0.0.1:${this.port}${path}#token=one-time`;
  }

  get state(): HostState {
    return this.#state;
  }

  setState(state: HostState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher.send(JSON.stringify(state));
  }

  /** Everything as it was at the start; the page has to be loaded anew. */
  reset(state: HostState = runningState()): void {
    this.engine = new FakeEngine();
    this.settings = startSettings();
    this.#state = state;
  }

  /** Cuts every WebSocket, as a connection that broke does; the page may come back at once. */
  cut(): void {
    for (const client of this.#sockets.clients) client.terminate();
  }

  /** Goes away, as a host that ended does, and returns the way back, at the same port. */
  async leave(): Promise<() => Promise<void>> {
    const { port } = this;
    this.cut();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    return () => new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  #upgraded(url: string, socket: WebSocket): void {
    this.requests.push(`WS ${url}`);
    if (url === '/api/watch') {
      this.#watchers.add(socket);
      socket.on('close', () => this.#watchers.delete(socket));
      socket.send(JSON.stringify(this.#state));
    } else socket.once('message', (data) => this.#stream(socket, JSON.parse(data.toString()) as StreamOpen));
  }

  #stream(socket: WebSocket, open: StreamOpen): void {
    this.requests.push(`STREAM ${open.method} ${open.path}`);
    const send = (frame: StreamOpened | StreamEnded) => socket.send(JSON.stringify(frame));
    const line = (value: unknown) => socket.send(Buffer.from(`${JSON.stringify(value)}\n`));
    const end = () => {
      if (socket.readyState !== socket.OPEN) return;
      send({ ended: 'eof' });
      socket.close(1000);
    };
    const url = new URL(open.path, 'http://engine');
    const refusal = this.engine.refusals.get(`${open.method} ${url.pathname}`);
    const headers: Record<string, string> = url.pathname.endsWith('/logs')
      ? { 'content-type': 'application/vnd.docker.multiplexed-stream' }
      : {};
    send({ status: refusal?.status ?? (open.upgrade ? 101 : 200), headers });
    if (refusal) {
      line(refusal.body);
      end();
    } else if (url.pathname === '/events') {
      socket.on('close', this.engine.onEvent(line));
    } else if (url.pathname === '/images/create') {
      const tag = url.searchParams.get('tag');
      void this.#pull(`${url.searchParams.get('fromImage')}${tag ? `:${tag}` : ''}`, line).then(end);
    } else if (open.upgrade) {
      socket.send(Buffer.from('root@web:/# '));
      socket.on('message', (data, isBinary) => isBinary && socket.send(data));
    } else if (url.pathname.endsWith('/stats')) {
      this.#stats(socket, line);
    } else if (url.pathname.endsWith('/logs')) {
      socket.send(logFrames(this.engine.lines));
      const { engine } = this;
      if (url.searchParams.get('follow') === 'true')
        socket.on(
          'close',
          engine.onLine((added, index) => socket.send(logFrame(added, index))),
        );
      else end();
    } else end();
  }

  /** Samples as often as the engine's, and a few at once, so that nobody waits for a curve. */
  #stats(socket: WebSocket, line: (value: unknown) => void): void {
    const { engine } = this;
    engine.statsStreams++;
    engine.openStats++;
    let index = 0;
    while (index < 30) line(recordedSample(index++));
    const timer = setInterval(() => line(recordedSample(index++)), 1000);
    socket.on('close', () => {
      clearInterval(timer);
      engine.openStats--;
    });
  }

  async #pull(reference: string, line: (value: unknown) => void): Promise<void> {
    for await (const progress of this.engine.pull(reference)) line(progress);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://host');
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const body = text === '' ? undefined : (JSON.parse(text) as unknown);
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(value === undefined ? '' : JSON.stringify(value));
    };
    const { pathname } = url;
    if (!/^\/(api|engine)\//.test(pathname)) return this.#page(pathname, response);
    this.requests.push(`${request.method} ${pathname}${url.search}`);
    if (pathname === '/api/session')
      return (body as { token: string }).token === 'one-time'
        ? json(200, { secret })
        : json(401, { message: 'no', berth: { code: 'token-invalid', params: {} } });
    if (request.headers.authorization !== `Bearer ${secret}`)
      return json(401, { message: 'no session', berth: { code: 'token-invalid', params: {} } });
    if (/^\/engine\/berth\/.*\/file$/.test(pathname)) {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      response.end(`# ${url.searchParams.get('path')}\nuser nginx;\nworker_processes auto;\n`);
      return;
    }
    if (pathname.startsWith('/engine/')) {
      const answer = this.engine.answer(
        request.method ?? '',
        pathname.slice('/engine'.length),
        url.searchParams,
        body,
      );
      return json(answer.status, answer.body);
    }
    if (pathname === '/api/settings') {
      if (request.method === 'POST') this.settings = { ...this.settings, ...(body as object) };
      return json(200, this.settings);
    }
    if (pathname === '/api/state') return json(200, this.#state);
    if (pathname === '/api/machine/log') {
      response.writeHead(200, {
        'Content-Type': 'text/plain',
        'X-Log-Size': Buffer.byteLength(this.logText),
      });
      response.end(Buffer.from(this.logText).subarray(Number(url.searchParams.get('offset'))));
      return;
    }
    return json(202, undefined);
  }

  async #page(pathname: string, response: ServerResponse): Promise<void> {
    const type = types[extname(pathname)];
    const file = join(rendererDir, type ? pathname : 'index.html');
    try {
      const bytes = await readFile(file);
      response.writeHead(200, {
        'Content-Type': type ?? types['.html'],
        'Content-Security-Policy': policy(this.port),
        // The real host's too: files of the build carry their digest in their name.
        'Cache-Control': pathname.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
      });
      response.end(bytes);
    } catch {
      response.writeHead(404);
      response.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
