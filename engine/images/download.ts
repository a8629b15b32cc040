import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { RegistryClient } from '../registry/client.ts';
import { blobBytes } from './blob-ranges.ts';

/** Bytes that are written to the kept file at once. */
const keptPieceBytes = 1024 * 1024;

export interface DownloadOptions {
  client: RegistryClient;
  /** `downloads/` of the data root. */
  directory: string;
  digest: string;
  sizeBytes: number;
  signal: AbortSignal;
  /** Called before `progress`, with the bytes that an earlier try left. */
  onKept: (bytes: number) => void;
  /** Bytes of the blob that are here, those of earlier tries included. */
  progress: (bytes: number) => void;
}

export interface Download {
  /** The blob from its first byte on, whatever of it was here already. */
  stream: Readable;
  /** Forgets the bytes that are kept for resuming: the blob is used up, or is not what it must be. */
  forget(): Promise<void>;
}

/**
 * Reads a blob and keeps its bytes in downloads/<hex>.part while they arrive. A connection that breaks is taken up again
 * where it broke, a pull that was cancelled or killed goes on from the file. What the file holds is only trusted by
 * the digest that the reader of the stream computes.
 */
export function startDownload(options: DownloadOptions): Download {
  const part = partPath(options);
  return {
    stream: Readable.from(readBlob(options, part), { objectMode: false, highWaterMark: 1024 * 1024 }),
    forget: () => forgetDownload(options),
  };
}

/** Removes what is kept of a blob for resuming. */
export async function forgetDownload(kept: { directory: string; digest: string }): Promise<void> {
  await rm(partPath(kept), { force: true });
}

/** Where a blob is kept while it arrives. */
export function partPath({ directory, digest }: { directory: string; digest: string }): string {
  return join(directory, `${digest.replace(':', '-')}.part`);
}

async function* readBlob(options: DownloadOptions, part: string): AsyncGenerator<Buffer> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  let at = 0;
  for await (const chunk of keptBytes(part, options.sizeBytes)) {
    at += chunk.length;
    options.onKept(at);
    options.progress(at);
    yield chunk;
  }
  const handle = await open(part, at > 0 ? 'r+' : 'w');
  const keeper = new Keeper(handle, at);
  try {
    await handle.truncate(at);
    for await (const chunk of blobBytes(options, at)) {
      at += chunk.length;
      await keeper.keep(chunk);
      options.progress(at);
      yield chunk;
    }
  } finally {
    await keeper.close();
  }
}

/** What an earlier try left. */
async function* keptBytes(part: string, sizeBytes: number): AsyncGenerator<Buffer> {
  const kept = await stat(part).catch(() => undefined);
  if (kept === undefined || kept.size === 0 || kept.size > sizeBytes) return;
  const handle = await open(part, 'r');
  yield* handle.createReadStream({ highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
}

/** Writes what arrives in large pieces, one at a time, behind the reader's back. */
class Keeper {
  readonly #handle: FileHandle;
  #at: number;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #writing: Promise<unknown> = Promise.resolve();
  constructor(handle: FileHandle, at: number) {
    this.#handle = handle;
    this.#at = at;
  }

  /** Waits only for the piece before the last one; rejects where that could not be written. */
  async keep(chunk: Buffer): Promise<void> {
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes >= keptPieceBytes) await this.#write();
  }

  async close(): Promise<void> {
    try {
      await this.#write();
      await this.#writing;
    } finally {
      await this.#handle.close();
    }
  }

  async #write(): Promise<void> {
    await this.#writing;
    const chunks = this.#gathered;
    if (chunks.length === 0) return;
    this.#writing = this.#handle.writev(chunks, this.#at);
    // Its failure is heard by whoever waits for it next.
    this.#writing.catch(() => {});
    this.#at += this.#gatheredBytes;
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }
}
