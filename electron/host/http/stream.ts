import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import * as z from 'zod';
import type { HostErrorBody, StreamEnded, StreamOpened } from '../api/http.ts';
import { engineHeaders } from './engine-headers.ts';

/** Frames are cut to this, so that one reader's credit is used in even steps. */
const frameBytes = 64 * 1024;
/** Input that the engine has not taken. A page that sends more without waiting for an echo is cut off (1009). */
const inputLimitBytes = 16 * 1024 * 1024;

const streamOpen = z.object({
  method: z.enum(['GET', 'POST']),
  path: z.string().startsWith('/'),
  body: z.unknown().optional(),
  upgrade: z.boolean(),
  credit: z.number().int().min(0),
});
const streamControl = z.union([
  z.object({ credit: z.number().int().min(0) }),
  z.object({ end: z.literal(true) }),
]);

export interface EngineWay {
  /** Undefined while there is no connection to a machine. */
  agent: Agent | undefined;
  /** False once the connection to the machine was lost: its streams then end like a clean end of file. */
  alive(): boolean;
}

/** Serves one WS /api/stream: waits for its first frame, opens the engine's stream, and carries bytes by credit. */
export function serveStream(socket: WebSocket, way: EngineWay): void {
  socket.on('error', () => socket.terminate());
  socket.once('message', (data, isBinary) => {
    const open = isBinary ? undefined : streamOpen.safeParse(parseJson(data.toString()));
    if (!open?.success) {
      socket.close(1008, 'the first frame is not a StreamOpen');
      return;
    }
    new EngineStream(socket, way, open.data);
  });
}

/** One stream: the engine's answer goes out by credit, the page's input goes in, each side's end ends the other. */
class EngineStream {
  readonly #socket: WebSocket;
  readonly #way: EngineWay;
  #credit: number;
  #wake: (() => void) | undefined;
  #input: Duplex | undefined;

  constructor(socket: WebSocket, way: EngineWay, open: z.infer<typeof streamOpen>) {
    this.#socket = socket;
    this.#way = way;
    this.#credit = open.credit;
    if (way.agent === undefined) {
      this.#fail('the machine is not running');
      return;
    }
    const body = open.body === undefined ? '' : JSON.stringify(open.body);
    const upstream = httpRequest({
      agent: way.agent,
      method: open.method,
      path: open.path,
      headers: {
        host: 'docker',
        ...(body === '' && open.method === 'GET' ? {} : { 'content-length': Buffer.byteLength(body) }),
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
        ...(open.upgrade ? { connection: 'Upgrade', upgrade: 'tcp' } : {}),
      },
    });
    upstream.on('response', (answer) => this.#answer(answer, answer));
    upstream.on('upgrade', (answer, channel, head) => {
      if (head.length > 0) channel.unshift(head);
      this.#input = channel;
      this.#answer(answer, channel);
    });
    upstream.on('error', (error) => this.#fail(`the engine does not answer: ${error.message}`));
    socket.on('close', () => {
      upstream.destroy();
      this.#input?.destroy();
      this.#wake?.();
    });
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    upstream.end(body);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      if (this.#input === undefined || this.#input.writableEnded || this.#input.destroyed) return;
      this.#input.write(data);
      if (this.#input.writableLength > inputLimitBytes) this.#socket.close(1009, 'too much unread input');
      return;
    }
    const control = streamControl.safeParse(parseJson(data.toString()));
    if (!control.success) {
      this.#socket.close(1008, 'a frame is neither credit nor end');
    } else if ('end' in control.data) {
      this.#input?.end();
    } else {
      this.#credit += control.data.credit;
      this.#wake?.();
    }
  }

  async #answer(answer: IncomingMessage, source: Readable): Promise<void> {
    const opened: StreamOpened = { status: answer.statusCode ?? 502, headers: engineHeaders(answer.headers) };
    this.#socket.send(JSON.stringify(opened));
    let ended: StreamEnded['ended'] = 'eof';
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) await this.#send(chunk);
    } catch {
      ended = 'lost';
    }
    // A lost connection tells its streams first; one turn later the link knows too.
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#way.alive()) ended = 'lost';
    this.#end(ended);
  }

  async #send(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      while (this.#credit === 0 && this.#socket.readyState === this.#socket.OPEN) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#socket.readyState !== this.#socket.OPEN) throw new Error('the page has gone');
      const size = Math.min(this.#credit, frameBytes, chunk.length - at);
      this.#credit -= size;
      this.#socket.send(chunk.subarray(at, at + size));
      at += size;
    }
  }

  /** Tells a failure before the engine answered, in the form of an engine's error. */
  #fail(message: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const body: HostErrorBody = { message, berth: { code: 'machine-not-running', params: {} } };
    this.#socket.send(JSON.stringify({ status: 503, headers: {} } satisfies StreamOpened));
    this.#socket.send(Buffer.from(JSON.stringify(body)));
    this.#end('eof');
  }

  #end(ended: StreamEnded['ended']): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify({ ended } satisfies StreamEnded));
    this.#socket.close(1000);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
