import type { TransportRequest, TransportResponse } from '../../engine/api/client.ts';
import { sessionSecret } from './session.ts';

/** The host could not be reached at all: it is gone or was restarted on another port. */
export class HostUnreachable extends Error {
  constructor(cause: unknown) {
    super('the host does not answer', { cause });
    this.name = 'HostUnreachable';
  }
}

async function* readBody(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // An abandoned body would hold its connection.
    await reader.cancel().catch(() => undefined);
  }
}

/** One call by fetch with the session's bearer. */
export async function fetchTransport(request: TransportRequest): Promise<TransportResponse> {
  const headers: Record<string, string> = {
    Authorization: `Bearer ${sessionSecret()}`,
    ...request.headers,
  };
  const init: RequestInit = { method: request.method, headers, credentials: 'omit' };
  if (request.signal) init.signal = request.signal as AbortSignal;
  if (request.body instanceof Uint8Array) init.body = request.body as Uint8Array<ArrayBuffer>;
  else if (request.body !== undefined) {
    init.body = JSON.stringify(request.body);
    headers['Content-Type'] ??= 'application/json';
  }
  let response: Response;
  try {
    response = await fetch(request.path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new HostUnreachable(error);
  }
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: readBody(response.body),
  };
}
