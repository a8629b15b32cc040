import {
  type StreamControl,
  type StreamEnded,
  type StreamOpen,
  type StreamOpened,
  streamSubprotocol,
} from '../../electron/host/api/http.ts';
import type { TransportRequest, TransportResponse } from '../../engine/api/client.ts';
import { sessionSecret } from './session.ts';

/** Bytes that may be under way unread. Large enough for full speed on loopback, small enough to bound memory. */
const windowBytes = 1024 * 1024;

/** The stream ended other than by its end of file: the machine or the host went away. */
export class StreamLost extends Error {
  constructor() {
    super('the stream was lost');
    this.name = 'StreamLost';
  }
}

export interface EngineStream extends TransportResponse {
  /** Sends input; only for upgraded streams. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Half-closes the input. */
  end(): void;
  close(): void;
}

export function webSocket(path: string): WebSocket {
  const socket = new WebSocket(`ws://${location.host}${path}`, [
    streamSubprotocol,
    `${streamSubprotocol}.${sessionSecret()}`,
  ]);
  socket.binaryType = 'arraybuffer';
  return socket;
}

/** Received chunks, waiting for their one reader. */
class ChunkQueue {
  #chunks: Uint8Array[] = [];
  #done = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  push(chunk: Uint8Array) {
    this.#chunks.push(chunk);
    this.#wake?.();
  }
  finish(error?: Error) {
    if (this.#done) return;
    this.#done = true;
    this.#error = error;
    this.#wake?.();
  }
  async *read(taken: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        yield chunk;
        taken(chunk.length);
      } else if (this.#done) {
        if (this.#error) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** Opens one engine stream over a WebSocket of its own, with credit for what its reader has taken. */
export function openStream(request: {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  upgrade?: boolean;
  signal?: AbortSignal | undefined;
}): Promise<EngineStream> {
  return new Promise((resolve, reject) => {
    const socket = webSocket('/api/stream');
    const queue = new ChunkQueue();
    let owed = 0;
    const control = (message: StreamControl) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    };
    const taken = (bytes: number) => {
      owed += bytes;
      if (owed < windowBytes / 4) return;
      control({ credit: owed });
      owed = 0;
    };
    const abort = () => {
      queue.finish(new DOMException('aborted', 'AbortError'));
      reject(new DOMException('aborted', 'AbortError'));
      socket.close();
    };
    if (request.signal?.aborted) return abort();
    request.signal?.addEventListener('abort', abort);
    socket.onopen = () => {
      const open: StreamOpen = {
        method: request.method,
        path: request.path,
        ...(request.body === undefined ? {} : { body: request.body }),
        upgrade: request.upgrade ?? false,
        credit: windowBytes,
      };
      socket.send(JSON.stringify(open));
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (typeof event.data !== 'string') return queue.push(new Uint8Array(event.data));
      const message = JSON.parse(event.data) as StreamOpened | StreamEnded;
      if ('ended' in message) return queue.finish(message.ended === 'lost' ? new StreamLost() : undefined);
      resolve({
        status: message.status,
        headers: message.headers,
        body: queue.read(taken),
        write: (bytes) => socket.readyState === WebSocket.OPEN && socket.send(bytes),
        end: () => control({ end: true }),
        close: () => socket.close(),
      });
    };
    socket.onclose = () => {
      request.signal?.removeEventListener('abort', abort);
      queue.finish(new StreamLost());
      reject(new StreamLost());
    };
  });
}

/** The engine client's transport for long answers: one WebSocket each, so that they never use up fetch's six connections. */
export async function streamTransport(request: TransportRequest): Promise<TransportResponse> {
  if (request.method !== 'GET' && request.method !== 'POST')
    throw new TypeError(`no stream by ${request.method}`);
  return openStream({
    method: request.method,
    path: request.path,
    body: request.body,
    signal: request.signal as AbortSignal | undefined,
  });
}
