import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { streamSubprotocol } from '../api/http.ts';
import type { HostState } from '../api/machine.ts';
import type { Settings } from '../api/settings.ts';
import { answerError, answerJson, asHostError, HostError, readJson } from './answer.ts';
import { checkAddress, checkBearer, checkSubprotocol } from './guard.ts';
import { passThrough } from './pass-through.ts';
import type { Sessions } from './session.ts';
import { serveStatic } from './static.ts';
import { type EngineWay, serveStream } from './stream.ts';

/** What the HTTP surface needs of the host; commands return at once, their progress is in the state. */
export interface HostServices {
  state(): HostState;
  /** Calls the listener at every change; returns the unsubscribe function. */
  watch(listener: () => void): () => void;
  machine: {
    start(): void;
    stop(): void;
    restart(): void;
    reconnect(): void;
    recheckAccelerator(): void;
    restartEngine(): void;
    log(source: 'serial' | 'engine', offset: number): Promise<{ sizeBytes: number; bytes: Buffer }>;
  };
  settings: { read(): Settings; change(change: unknown): Settings };
  engine(): EngineWay;
  quit(): void;
  /** A page has signed in. */
  pageOpened(): void;
  sessions: Sessions;
  rendererDir: string;
}

/** Where a call came in: the unix socket is trusted by its mode, the loopback port by nothing. */
type Entrance = { kind: 'socket' } | { kind: 'port' };

type Route = (call: {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  entrance: Entrance;
}) => void | Promise<void>;

/** The host's HTTP surface (api/http.ts) on its unix socket and on one loopback port. */
export class HostServer {
  readonly #services: HostServices;
  readonly #routes: Record<string, Route>;
  readonly #webSockets: WebSocketServer;
  readonly #port: Server;
  readonly #socket: Server;

  constructor(services: HostServices) {
    this.#services = services;
    this.#routes = routes(services, () => this.port);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      // The secret is offered as a subprotocol too and must not be echoed.
      handleProtocols: (offered) => (offered.has(streamSubprotocol) ? streamSubprotocol : false),
      maxPayload: 1024 * 1024,
    });
    this.#port = this.#listen({ kind: 'port' });
    this.#socket = this.#listen({ kind: 'socket' });
  }

  /** Port on 127.0.0.1. */
  get port(): number {
    const address = this.#port.address();
    if (address === null || typeof address === 'string') throw new Error('the host does not listen yet');
    return address.port;
  }

  /**
   * Listens on both. A wanted port that is taken falls back to a random one.
   * The socket's directory is 0700 and owned by this user.
   */
  async open(options: { socketPath: string; port: number }): Promise<void> {
    await listening(this.#port, { host: '127.0.0.1', port: options.port }).catch(async (error) => {
      if (options.port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await listening(this.#port, { host: '127.0.0.1', port: 0 });
    });
    const before = process.umask(0o177);
    try {
      await listening(this.#socket, { path: options.socketPath });
    } finally {
      process.umask(before);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#webSockets.clients) client.terminate();
    for (const server of [this.#port, this.#socket]) {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  }

  #listen(entrance: Entrance): Server {
    const server = createServer((request, response) => {
      this.#answer(request, response, entrance).catch((error) => answerError(response, error));
    });
    // Pulls and builds stream for hours in both directions.
    server.requestTimeout = 0;
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head, entrance));
    return server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, entrance: Entrance): Promise<void> {
    if (entrance.kind === 'port') checkAddress(request.headers, this.port);
    const url = new URL(request.url ?? '/', 'http://host');
    const isApi = url.pathname.startsWith('/api/') || url.pathname.startsWith('/engine/');
    if (!isApi) {
      if (request.method !== 'GET' && request.method !== 'HEAD') throw notFound(url);
      await serveStatic(request, response, {
        rendererDir: this.#services.rendererDir,
        pathname: url.pathname,
        port: this.port,
      });
      return;
    }
    if (entrance.kind === 'port' && url.pathname !== '/api/session') {
      checkBearer(request.headers, this.#services.sessions);
    }
    if (url.pathname.startsWith('/engine/')) {
      const { agent } = this.#services.engine();
      if (agent === undefined) throw new HostError('machine-not-running', 'the machine is not running');
      await passThrough(request, response, {
        agent,
        path: url.pathname.slice('/engine'.length) + url.search,
      });
      return;
    }
    const route = this.#routes[`${request.method} ${url.pathname}`];
    if (route === undefined) throw notFound(url);
    await route({ request, response, url, entrance });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, entrance: Entrance): void {
    socket.on('error', () => socket.destroy());
    try {
      const url = new URL(request.url ?? '/', 'http://host');
      if (entrance.kind === 'port') {
        checkAddress(request.headers, this.port);
        checkSubprotocol(request.headers, this.#services.sessions);
      }
      const serve = this.#webSocketRoute(url);
      this.#webSockets.handleUpgrade(request, socket, head, serve);
    } catch (error) {
      const failure = asHostError(error);
      const body = JSON.stringify(failure.body());
      socket.end(
        `HTTP/1.1 ${failure.status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    }
  }

  #webSocketRoute(url: URL): (socket: WebSocket) => void {
    if (url.pathname === '/api/watch') return (socket) => this.#watch(socket);
    if (url.pathname === '/api/stream') return (socket) => serveStream(socket, this.#services.engine());
    throw notFound(url);
  }

  /** The state at once and at every change; a slow page gets the newest one, never a queue. */
  #watch(socket: WebSocket): void {
    let sending = false;
    let changed = false;
    const send = () => {
      if (sending) {
        changed = true;
        return;
      }
      sending = true;
      changed = false;
      socket.send(JSON.stringify(this.#services.state()), () => {
        sending = false;
        if (changed && socket.readyState === socket.OPEN) send();
      });
    };
    const unwatch = this.#services.watch(send);
    socket.on('error', () => socket.terminate());
    socket.on('close', unwatch);
    send();
  }
}

/** The table of the host's own calls, as api/http.ts lists them. */
function routes(services: HostServices, port: () => number): Record<string, Route> {
  const command =
    (run: () => void): Route =>
    ({ response }) => {
      run();
      answerJson(response, 202);
    };
  const { machine, settings, sessions } = services;
  return {
    'POST /api/session': async ({ request, response }) => {
      const body = z.object({ token: z.string() }).safeParse(await readJson(request));
      const secret = body.success ? sessions.exchange(body.data.token) : undefined;
      if (secret === undefined) {
        throw new HostError(
          'token-invalid',
          'the token is unknown or used; open a new page with: berth open',
        );
      }
      services.pageOpened();
      answerJson(response, 200, { secret });
    },
    'POST /api/tokens': ({ response, entrance, url }) => {
      if (entrance.kind !== 'socket') throw notFound(url);
      const token = sessions.mint();
      answerJson(response, 200, { url: `http://127.0.0.1:${port()}/#token=${token}`, token });
    },
    'GET /api/state': ({ response }) => answerJson(response, 200, services.state()),
    'POST /api/machine/start': command(() => machine.start()),
    'POST /api/machine/stop': command(() => machine.stop()),
    'POST /api/machine/restart': command(() => machine.restart()),
    'POST /api/machine/reconnect': command(() => machine.reconnect()),
    'POST /api/machine/recheck-accelerator': command(() => machine.recheckAccelerator()),
    'POST /api/engine/restart': command(() => machine.restartEngine()),
    'GET /api/machine/log': async ({ response, url }) => {
      const source = url.searchParams.get('source');
      const offset = Number(url.searchParams.get('offset') ?? 0);
      if ((source !== 'serial' && source !== 'engine') || !Number.isSafeInteger(offset) || offset < 0) {
        throw new HostError('bad-request', 'source is serial or engine, offset a number of bytes');
      }
      const { sizeBytes, bytes } = await machine.log(source, offset);
      response.writeHead(200, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': bytes.length,
        'X-Log-Size': sizeBytes,
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
      });
      response.end(bytes);
    },
    'GET /api/settings': ({ response }) => answerJson(response, 200, settings.read()),
    'POST /api/settings': async ({ request, response }) =>
      answerJson(response, 200, settings.change(await readJson(request))),
    'POST /api/quit': ({ response, entrance, url }) => {
      if (entrance.kind !== 'socket') throw notFound(url);
      answerJson(response, 202);
      services.quit();
    },
  };
}

function notFound(url: URL): HostError {
  return new HostError('not-found', 'there is no such page', { path: url.pathname });
}

function listening(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
