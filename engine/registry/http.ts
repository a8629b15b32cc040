import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { BerthError, isErrno } from '../errors.ts';

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

/** OpenSSL's names of a chain that ends nowhere that is trusted. */
const unknownAuthority = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

/** A failed connection in the words of Go's net/http, which is what docker's users know. */
export function connectionFailure(request: HttpRequest, error: Error): BerthError {
  if (request.signal?.aborted) return new BerthError('canceled', 'context canceled', {}, { cause: error });
  const { hostname, host } = request.url;
  const code = isErrno(error) ? (error.code ?? '') : '';
  const { address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const fail = (text: string, reason: string, name = host) =>
    failedRequest(request, text, { reason, host: name }, error);
  switch (code) {
    case 'ENOTFOUND':
      return fail(`dial tcp: lookup ${hostname}: no such host`, 'no-such-host', hostname);
    case 'EAI_AGAIN':
      return fail(
        `dial tcp: lookup ${hostname}: Temporary failure in name resolution`,
        'no-such-host',
        hostname,
      );
    case 'ECONNREFUSED':
      return fail(`dial tcp ${address ?? host}:${port ?? ''}: connect: connection refused`, 'refused');
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return fail(`dial tcp ${host}: connect: network is unreachable`, 'unreachable');
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return fail(certificateText('certificate has expired or is not yet valid'), 'certificate');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return fail(
        certificateText(`certificate is not valid for any names, but wanted to match ${hostname}`),
        'certificate',
      );
    default:
      if (unknownAuthority.has(code)) {
        return fail(certificateText('certificate signed by unknown authority'), 'certificate');
      }
      return fail(error.message, code || 'network');
  }
}

function certificateText(text: string): string {
  return `tls: failed to verify certificate: x509: ${text}`;
}

/** registry-unreachable, with the request before the reason as in Go. */
export function failedRequest(
  request: Pick<HttpRequest, 'method' | 'url'>,
  text: string,
  params: Record<string, string> = {},
  cause?: Error,
): BerthError {
  const method = request.method.charAt(0) + request.method.slice(1).toLowerCase();
  return new BerthError('registry-unreachable', `${method} "${request.url.href}": ${text}`, params, {
    cause,
  });
}

/** What OpenSSL says of an answer that is no TLS. */
const plainAnswers = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
]);

/** True when a TLS handshake met a server that speaks plain HTTP. */
export function isPlainServer(error: unknown): boolean {
  if (!(error instanceof BerthError) || !isErrno(error.cause)) return false;
  const { code = '', message } = error.cause;
  return plainAnswers.has(code) || (code === 'EPROTO' && /wrong version number|packet length/.test(message));
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
