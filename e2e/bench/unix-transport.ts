import { request } from 'node:http';
import type { Transport } from '../../engine/api/client.ts';

/** A transport over a unix socket, one connection a call: the same load generator for every engine. */
export function unixTransport(socketPath: string): Transport {
  return ({ method, path, body, headers, signal }) =>
    new Promise((resolve, reject) => {
      const bytes = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
      const call = request(
        {
          socketPath,
          method,
          path,
          signal: signal as globalThis.AbortSignal | undefined,
          headers: {
            Host: 'engine',
            ...(typeof bytes === 'string' ? { 'Content-Type': 'application/json' } : {}),
            ...headers,
          },
        },
        (response) => {
          const flat = Object.entries(response.headers).map(([key, value]) => [key, String(value)]);
          resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(flat), body: response });
        },
      );
      call.once('error', reject);
      call.end(bytes);
    });
}
