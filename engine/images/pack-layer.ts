import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobToSend } from '../registry/upload.ts';
import type { ImageStoreParts } from './store.ts';

/** A piece is worth sending once it has so many bytes. */
const pieceBytes = 8 * 1024 * 1024;

/**
 * A layer that is being compressed into a file under tmp while the first pieces of it are sent already. The digest of the
 * whole is what the registry will call it.
 */
export class PackedLayer implements BlobToSend, AsyncDisposable {
  readonly #path: string;
  readonly #done: Promise<void>;
  readonly #hash = createHash('sha256');
  readonly #left = new AbortController();
  readonly #progress: (sentTarBytes: number) => void;
  #tarBytes = 0;
  #packedBytes = 0;
  #finished = false;
  #digest = '';
  #wake = () => {};

  /** `progress` hears how far the sending is, in bytes of the tar. */
  constructor(
    parts: ImageStoreParts,
    options: { chain: string; signal: AbortSignal; progress: (sentTarBytes: number) => void },
  ) {
    this.#path = join(parts.files.tmp, `push-${randomUUID()}`);
    this.#progress = options.progress;
    const signal = AbortSignal.any([options.signal, this.#left.signal]);
    const packed = parts.layers.packed(options.chain, {
      signal,
      progress: (tarBytes) => {
        this.#tarBytes = tarBytes;
      },
    });
    this.#done = this.#keep(packed, signal);
    // Whoever waits for a piece hears of a failure.
    this.#done.catch(() => {});
  }

  /** Of the whole; known once `reach` has come to its end. */
  get digest(): string {
    return this.#digest;
  }

  get sizeBytes(): number {
    return this.#packedBytes;
  }

  async reach(start: number): Promise<number> {
    while (!this.#finished && this.#packedBytes < start + pieceBytes) {
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([more, this.#done]);
    }
    return this.#packedBytes;
  }

  open(start: number, end: number): Readable {
    let sent = start;
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        sent += chunk.length;
        this.#progress(Math.round((sent * this.#tarBytes) / this.#packedBytes));
        done(null, chunk);
      },
    });
    const file = createReadStream(this.#path, { start, end: end - 1, highWaterMark: 256 * 1024 });
    file.on('error', (error) => count.destroy(error));
    return file.pipe(count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left.abort();
    await this.#done.catch(() => {});
    await rm(this.#path, { force: true });
  }

  async #keep(packed: Readable, signal: AbortSignal): Promise<void> {
    const file = createWriteStream(this.#path, { mode: 0o600, highWaterMark: 1024 * 1024 });
    await pipeline(packed, this.#measured(file), { signal });
    this.#digest = `sha256:${this.#hash.digest('hex')}`;
    this.#finished = true;
  }

  /** Writes to the file; what counts as packed can be read back from it. */
  #measured(file: Writable) {
    return async (chunks: AsyncIterable<Buffer>) => {
      try {
        for await (const chunk of chunks) {
          this.#hash.update(chunk);
          await new Promise<void>((resolve, reject) => {
            file.write(chunk, (error) => (error ? reject(error) : resolve()));
          });
          this.#packedBytes += chunk.length;
          this.#wake();
        }
      } finally {
        file.destroy();
      }
    };
  }
}
