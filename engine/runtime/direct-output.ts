import type { ShimConnection } from './shim-connection.ts';
import { messageType } from './shim-messages.ts';

/** Bytes on their way from the shim that nobody has taken yet, at most. */
const windowBytes = 1_048_576;

export interface OutputChunk {
  stream: 'stdout' | 'stderr';
  bytes: Uint8Array;
}

/**
 * Output of a container whose log driver is `none`: it exists only on the connection. Everyone who listens gets every
 * chunk from when they came; the slowest holds the container back, as in Docker. Until the first comes the shim keeps
 * the last MiB, which is the first listener's; when all have left it is thrown away.
 */
export class DirectOutput {
  #connection: ShimConnection;
  #listeners = new Set<(chunk: OutputChunk) => Promise<void>>();
  #begun = false;
  #takenBytes = 0;
  #ended = Promise.withResolvers<void>();

  constructor(connection: ShimConnection) {
    this.#connection = connection;
    connection.closed.then(this.#ended.resolve);
  }

  /** Settles behind the last chunk, or when the connection is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** `listener` settles when it can take more. Returns the way to stop. */
  listen(listener: (chunk: OutputChunk) => Promise<void>): () => void {
    this.#listeners.add(listener);
    if (!this.#begun) this.#grant(windowBytes);
    this.#begun = true;
    return () => this.#listeners.delete(listener);
  }

  take(body: Buffer): void {
    const chunk: OutputChunk = { stream: body[0] === 2 ? 'stderr' : 'stdout', bytes: body.subarray(1) };
    const taken = [...this.#listeners].map((listener) => listener(chunk).catch(() => {}));
    void Promise.all(taken).then(() => this.#taken(chunk.bytes.length));
  }

  end(): void {
    this.#ended.resolve();
  }

  #taken(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes * 4 < windowBytes) return;
    this.#grant(this.#takenBytes);
    this.#takenBytes = 0;
  }

  #grant(bytes: number): void {
    this.#connection.send(messageType.credit, 0, Buffer.from(JSON.stringify({ session: 0, bytes })));
  }
}
