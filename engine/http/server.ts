import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { asBerthError, BerthError } from '../errors.ts';
import { apiVersion, engineVersion } from '../version.ts';
import { negotiate } from './api-version.ts';
import { canAnswer } from './context.ts';
import { requestContext } from './request-context.ts';
import { type Route, Router, splitVersion } from './router.ts';
import { statusOfKind } from './status.ts';

/** Headers of every answer, as Docker's clients expect them. */
const standardHeaders = {
  'Api-Version': apiVersion,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Berth/${engineVersion} (linux)`,
};

/** Calls that take over the connection; any other request with an Upgrade header is answered as if it had none. */
const upgradable =
  /^(?:\/v\d+\.\d+)?\/(?:containers\/[^/]+\/attach|exec\/[^/]+\/start|berth\/terminals\/[^/]+\/attach|session|grpc)$/;

/**
 * The engine's HTTP server over a route table. Not listening yet. `log` is told failures of kind `internal` once each.
 */
export function httpServer(options: {
  routes: Route[];
  log: (text: string, error?: unknown) => void;
}): Server {
  const router = new Router(options.routes);
  const server = createServer({
    // attach and wait stay silent for days; the sockets are local.
    requestTimeout: 0,
    headersTimeout: 60_000,
    shouldUpgradeCallback: (request) => upgradable.test(urlOf(request).pathname),
  });
  const serve = (request: IncomingMessage, response: ServerResponse, head?: Buffer) => {
    void answer({ router, request, response, head, log: options.log });
  };
  server.on('request', (request, response) => serve(request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(request.socket);
    response.on('finish', () => socket.end());
    // A client that is gone shows as 'close'; the error itself says nothing more.
    socket.on('error', () => {});
    serve(request, response, head);
  });
  server.on('clientError', refuseMalformed);
  return server;
}

/** What is no HTTP has no request to answer: the error form is written by hand, and the connection ends. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  // A client that left is no mistake of a client's.
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = new BerthError('bad-request', `malformed HTTP request: ${error.message}`);
  const body = `${JSON.stringify(refusal.body())}\n`;
  const headers = {
    ...standardHeaders,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(['HTTP/1.1 400 Bad Request', ...lines, '', body].join('\r\n'));
}

function urlOf(request: IncomingMessage): URL {
  // Two slashes at the start would read as a host.
  return new URL(`http://engine${(request.url ?? '/').replace(/^\/+/, '/')}`);
}

async function answer(options: {
  router: Router;
  request: IncomingMessage;
  response: ServerResponse;
  head: Buffer | undefined;
  log: (text: string, error?: unknown) => void;
}): Promise<void> {
  const { router, request, response, head, log } = options;
  for (const [name, value] of Object.entries(standardHeaders)) response.setHeader(name, value);
  try {
    const url = urlOf(request);
    const { version, path } = splitVersion(url.pathname);
    const found = router.find(request.method ?? 'GET', path);
    const negotiated = negotiate(version);
    if (found === undefined) throw new BerthError('page-not-found', 'page not found', { path });
    await found.handler(
      requestContext({
        request,
        response,
        head,
        path,
        search: url.searchParams,
        version: negotiated,
        params: found.params,
      }),
    );
  } catch (thrown) {
    const error = asBerthError(thrown);
    if (error.code === 'internal') log(`${request.method} ${request.url}: ${error.message}`, thrown);
    if (canAnswer(response)) answerError(response, error, request.method);
    else request.socket.destroy();
  }
}

function answerError(response: ServerResponse, error: BerthError, method: string | undefined): void {
  const status = statusOfKind[error.kind];
  if (status === 304) {
    response.writeHead(304).end();
    return;
  }
  const bytes = Buffer.from(`${JSON.stringify(error.body())}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
  response.end(method === 'HEAD' ? undefined : bytes);
}
