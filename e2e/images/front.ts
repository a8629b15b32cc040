import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** One call on its way to the registry behind a front. */
export interface FrontCall {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingMessage['headers'];
  response: ServerResponse;
  /** Answers what the registry answers, its body changed where a change is given. */
  pass(change?: (body: Readable) => AsyncIterable<Buffer>): Promise<void>;
}

/** A server in front of a real registry, which can spoil, hold back or replace single answers of it. */
export interface Front extends AsyncDisposable {
  /** As in image names: 127.0.0.1:<port>. */
  readonly address: string;
  /** Every call so far. */
  readonly calls: { method: string; path: string; headers: IncomingMessage['headers'] }[];
}

/** Starts a front; `answer` is asked about each call and must answer or pass it. */
export async function startFront(
  registry: { address: string },
  answer: (call: FrontCall) => void | Promise<void>,
): Promise<Front> {
  const calls: Front['calls'] = [];
  const server = createServer((incoming, response) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    calls.push({ method, path, headers });
    const pass: FrontCall['pass'] = (change) => forward({ registry, incoming, response, change });
    Promise.resolve(answer({ method, path, headers, response, pass })).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(options: {
  registry: { address: string };
  incoming: IncomingMessage;
  response: ServerResponse;
  change: ((body: Readable) => AsyncIterable<Buffer>) | undefined;
}): Promise<void> {
  const { registry, incoming, response, change } = options;
  const onward = request(`http://${registry.address}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    // The registry names itself in Location headers by this.
    headers: incoming.headers,
  });
  incoming.pipe(onward);
  const answered = await new Promise<IncomingMessage>((resolve, reject) => {
    onward.once('response', resolve).once('error', reject);
  });
  response.writeHead(answered.statusCode ?? 500, answered.headers);
  if (change === undefined) await pipeline(answered, response);
  else await pipeline(change(answered), response);
}
