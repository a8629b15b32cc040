import { LogNotices } from './log-notices.ts';
import type { ShimExec, ShimInput } from './runtime.ts';
import type { ShimConnection } from './shim-connection.ts';
import { maxBodyBytes, messageType } from './shim-messages.ts';

/** Bytes of input welcome at the start without being told (docs/shim-protocol.md). */
const initialInputCredit = 262_144;
/** Bytes of output that may be on their way to a slow reader of an exec session. */
const outputWindow = 1_048_576;

/** Input of one session: waits for the shim's credit, so that a process that reads slowly holds its writer back. */
export class SessionInput implements ShimInput {
  #connection: ShimConnection;
  #session: number;
  #credit = initialInputCredit;
  #ended = false;
  #wake: (() => void) | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(connection: ShimConnection, session: number) {
    this.#connection = connection;
    this.#session = session;
    connection.closed.then(() => this.stop());
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#queue = this.#queue.then(() => this.#write(bytes));
    return this.#queue;
  }

  end(): Promise<void> {
    this.#queue = this.#queue.then(() => {
      if (this.#ended) return;
      this.#ended = true;
      const body = Buffer.from(JSON.stringify({ session: this.#session }));
      this.#connection.send(messageType.stdinEnd, 0, body);
    });
    return this.#queue;
  }

  welcome(bytes: number): void {
    this.#credit += bytes;
    this.#wake?.();
  }

  /** The process is gone: what is written from now on goes nowhere, as into a closed pipe that nobody minds. */
  stop(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length && !this.#ended; ) {
      if (this.#credit === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const part = bytes.subarray(offset, offset + Math.min(this.#credit, maxBodyBytes));
      this.#connection.send(messageType.stdin, this.#session, part);
      this.#credit -= part.length;
      offset += part.length;
    }
  }
}

type OutputChunk = { stream: 'stdout' | 'stderr'; bytes: Uint8Array };

/** One exec session. Output is given credit as it is read. */
export class ExecSession implements ShimExec {
  readonly pid: number;
  readonly exited: Promise<{ exitCode: number }>;
  readonly stdin: SessionInput | undefined;
  readonly output: AsyncIterable<OutputChunk>;
  /** For an exec with a log: its notices. */
  readonly log: LogNotices | undefined;
  #connection: ShimConnection;
  #session: number;
  #chunks: OutputChunk[] = [];
  #readBytes = 0;
  #finished = false;
  #wake: (() => void) | undefined;
  #left = false;
  #exit = Promise.withResolvers<{ exitCode: number }>();

  constructor(options: {
    connection: ShimConnection;
    session: number;
    pid: number;
    stdin: boolean;
    detached: boolean;
    logged: boolean;
  }) {
    this.log = options.logged ? new LogNotices(options.connection, options.session) : undefined;
    this.#connection = options.connection;
    this.#session = options.session;
    this.pid = options.pid;
    this.stdin = options.stdin ? new SessionInput(options.connection, options.session) : undefined;
    this.exited = this.#exit.promise;
    this.output = this.#read();
    if (!options.detached && !options.logged) this.#grant(outputWindow);
  }

  takeOutput(body: Buffer): void {
    const bytes = body.subarray(1);
    if (this.#left) {
      this.#account(bytes.length);
      return;
    }
    this.#chunks.push({ stream: body[0] === 2 ? 'stderr' : 'stdout', bytes });
    this.#wake?.();
  }

  takeExit(exitCode: number): void {
    this.#finished = true;
    this.stdin?.stop();
    this.#exit.resolve({ exitCode });
    this.#wake?.();
  }

  /** Nobody reads on: the process must not be held back for ever. */
  abandon(): void {
    this.#left = true;
    for (const chunk of this.#chunks.splice(0)) this.#account(chunk.bytes.length);
  }

  async resize({ rows, columns }: { rows: number; columns: number }): Promise<void> {
    await this.#connection.request(messageType.resize, { session: this.#session, rows, columns });
  }

  async signal(signal: number): Promise<void> {
    await this.#connection.request(messageType.signal, { signal, all: false, session: this.#session });
  }

  async *#read(): AsyncGenerator<OutputChunk> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) {
          this.#account(chunk.bytes.length);
          yield chunk;
        } else if (this.#finished) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.abandon();
    }
  }

  #account(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes * 2 < outputWindow || this.#finished) return;
    this.#grant(this.#readBytes);
    this.#readBytes = 0;
  }

  #grant(bytes: number): void {
    const body = Buffer.from(JSON.stringify({ session: this.#session, bytes }));
    this.#connection.send(messageType.credit, 0, body);
  }
}
