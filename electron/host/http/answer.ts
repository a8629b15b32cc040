import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostErrorBody, HostErrorCode } from '../api/http.ts';

/** A refused or failed call of the host's own API. The only place that pairs its codes with HTTP statuses. */
export class HostError extends Error {
  readonly code: HostErrorCode;
  readonly params: Record<string, string | number>;
  constructor(code: HostErrorCode, message: string, params: Record<string, string | number> = {}) {
    super(message);
    this.name = 'HostError';
    this.code = code;
    this.params = params;
  }
  get status(): number {
    return statuses[this.code];
  }
  body(): HostErrorBody {
    return { message: this.message, berth: { code: this.code, params: this.params } };
  }
}

const statuses = {
  'token-invalid': 401,
  'origin-refused': 403,
  'host-refused': 403,
  'machine-not-running': 503,
  'not-found': 404,
  'bad-request': 400,
  internal: 500,
} as const satisfies Record<HostErrorCode, number>;

/** Anything thrown as a HostError; what is not one is a defect and becomes `internal`. */
export function asHostError(error: unknown): HostError {
  if (error instanceof HostError) return error;
  return new HostError('internal', error instanceof Error ? error.message : String(error));
}

/** Ends the response with JSON; `undefined` makes an empty body. */
export function answerJson(response: ServerResponse, status: number, value?: unknown): void {
  const body = value === undefined ? '' : JSON.stringify(value);
  response.writeHead(status, {
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(body === '' ? {} : { 'Content-Type': 'application/json' }),
  });
  response.end(body);
}

/** Ends the response with the error's form, or cuts the connection when a body was already under way. */
export function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const failure = asHostError(error);
  answerJson(response, failure.status, failure.body());
}

/** The largest JSON body the host reads: settings and tokens are far smaller. */
const bodyLimitBytes = 1024 * 1024;

/** Reads and parses a JSON body. Throws `bad-request` when it is too large or not JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) throw new HostError('bad-request', 'the body is larger than 1 MiB');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new HostError('bad-request', 'the body is not JSON');
  }
}
