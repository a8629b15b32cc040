import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { BerthError, isErrno } from '../errors.ts';

/** Without a byte for so long a connection counts as broken. */
const idleMs = 30_000;
const maxRedirects = 5;

const agents = {
  plain: new http.Agent({ keepAlive: true, maxSockets: 16 }),
  secure: new https.Agent({ keepAlive: true, maxSockets: 16 }),
  /** Registries named as insecure may have any certificate, as in Docker. */
  unchecked: new https.Agent({ keepAlive: true, maxSockets: 16, rejectUnauthorized: false }),
};

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  url: URL;
  headers?: Record<string, string>;
  body?: Uint8Array | Readable;
  /** Takes any certificate, and lets a redirect lead to plain HTTP. */
  insecure: boolean;
  signal?: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** As in "Not Found". */
  statusText: string;
  headers: IncomingMessage['headers'];
  body: IncomingMessage;
  /** Where the answer came from, after redirects. */
  url: URL;
}

/**
 * One request, redirects followed for GET and HEAD. The Authorization header never goes to another host, and a
 * redirect never leaves TLS. Failures of the connection have Docker's (Go's) words.
 */
export async function send(request: HttpRequest): Promise<HttpAnswer> {
  let { url } = request;
  let headers = { ...request.headers };
  for (let hop = 0; ; hop++) {
    const answer = await sendOnce({ ...request, url, headers });
    const location = answer.headers.location;
    const redirects = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined;
    if (!redirects || (request.method !== 'GET' && request.method !== 'HEAD')) return answer;
    answer.body.resume();
    const next = new URL(location, url);
    if (hop === maxRedirects) throw failed(request, 'stopped after 5 redirects');
    if (
      next.protocol !== 'https:' &&
      (next.protocol !== 'http:' || (url.protocol === 'https:' && !request.insecure))
    ) {
      throw failed(request, `redirect to ${next.protocol} refused`);
    }
    if (next.host !== url.host) {
      headers = Object.fromEntries(
        Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
      );
    }
    url = next;
  }
}

function sendOnce(request: HttpRequest): Promise<HttpAnswer> {
  const secure = request.url.protocol === 'https:';
  const agent = secure ? (request.insecure ? agents.unchecked : agents.secure) : agents.plain;
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? https : http).request(request.url, {
      method: request.method,
      headers: { 'user-agent': 'berth', ...request.headers },
      agent,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error('net/http: timeout awaiting response')));
    outgoing.on('error', (error) => reject(translate(request, error)));
    outgoing.on('response', (body) => {
      const status = body.statusCode ?? 0;
      const statusText = http.STATUS_CODES[status] ?? '';
      resolve({ status, statusText, headers: body.headers, body, url: request.url });
    });
    if (request.body === undefined) outgoing.end();
    else if (request.body instanceof Uint8Array) outgoing.end(request.body);
    else request.body.on('error', (error) => outgoing.destroy(error)).pipe(outgoing);
  });
}

/** A failed connection in the words of Go's net/http, which is what docker's users know. */
function translate(request: HttpRequest, error: Error): BerthError {
  if (request.signal?.aborted) return new BerthError('canceled', 'context canceled', {}, { cause: error });
  const { hostname, host } = request.url;
  const code = isErrno(error) ? error.code : undefined;
  const refused = error as NodeJS.ErrnoException & { address?: string; port?: number };
  switch (code) {
    case 'ENOTFOUND':
      return failed(request, `dial tcp: lookup ${hostname}: no such host`, {
        reason: 'no-such-host',
        host: hostname,
      });
    case 'EAI_AGAIN':
      return failed(request, `dial tcp: lookup ${hostname}: Temporary failure in name resolution`, {
        reason: 'no-such-host',
        host: hostname,
      });
    case 'ECONNREFUSED':
      return failed(
        request,
        `dial tcp ${refused.address ?? host}:${refused.port ?? ''}: connect: connection refused`,
        {
          reason: 'refused',
          host,
        },
      );
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return failed(request, `dial tcp ${host}: connect: network is unreachable`, {
        reason: 'unreachable',
        host,
      });
    default:
      return failed(request, error.message, { reason: code ?? 'network', host }, error);
  }
}

function failed(
  request: HttpRequest,
  text: string,
  params: Record<string, string> = {},
  cause?: Error,
): BerthError {
  const method = request.method.charAt(0) + request.method.slice(1).toLowerCase();
  return new BerthError('registry-unreachable', `${method} "${request.url.href}": ${text}`, params, {
    cause,
  });
}

/** True when a TLS handshake met a server that speaks plain HTTP. */
export function isPlainServer(error: unknown): boolean {
  if (!(error instanceof BerthError) || !isErrno(error.cause)) return false;
  const code = error.cause.code ?? '';
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') || code === 'ECONNRESET';
}

/** Reads a small body whole; throws registry-failed beyond the limit. */
export async function readSmall(answer: HttpAnswer, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limitBytes) {
        throw new BerthError(
          'registry-failed',
          `${answer.url.href}: answer is larger than ${limitBytes} bytes`,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof BerthError) throw error;
    throw new BerthError(
      'registry-unreachable',
      `Get "${answer.url.href}": unexpected EOF`,
      {},
      { cause: error },
    );
  }
  return Buffer.concat(chunks);
}
