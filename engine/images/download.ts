import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { BerthError } from '../errors.ts';
import type { RegistryClient } from '../registry/client.ts';

/** Broken connections in a row, without a byte between them, after which a layer is given up. */
const maxFailures = 5;

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

function partPath({ directory, digest }: { directory: string; digest: string }): string {
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
  try {
    await handle.truncate(at);
    let failures = 0;
    while (at < options.sizeBytes) {
      const before = at;
      try {
        for await (const chunk of remoteBytes(options, at)) {
          await handle.write(chunk, 0, chunk.length, at);
          at += chunk.length;
          if (at > options.sizeBytes) throw tooLong(options);
          options.progress(at);
          yield chunk;
        }
        if (at < options.sizeBytes) throw truncated(options, at);
      } catch (error) {
        if (!worthAnother(error, options.signal)) throw error;
        failures = at > before ? 0 : failures + 1;
        if (failures >= maxFailures || (at === before && isTruncation(error))) throw error;
      }
    }
  } finally {
    await handle.close();
  }
}

/** What an earlier try left. */
async function* keptBytes(part: string, sizeBytes: number): AsyncGenerator<Buffer> {
  const kept = await stat(part).catch(() => undefined);
  if (kept === undefined || kept.size === 0 || kept.size > sizeBytes) return;
  const handle = await open(part, 'r');
  yield* handle.createReadStream({ highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
}

async function* remoteBytes(options: DownloadOptions, start: number): AsyncGenerator<Buffer> {
  const { body, start: from } = await options.client.blob(options.digest, { start, signal: options.signal });
  let skip = start - from;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (skip >= chunk.length) {
        skip -= chunk.length;
        continue;
      }
      yield skip > 0 ? chunk.subarray(skip) : chunk;
      skip = 0;
    }
  } catch (error) {
    if (error instanceof BerthError) throw error;
    throw new BerthError(
      'registry-unreachable',
      `reading ${options.digest}: unexpected EOF`,
      {},
      { cause: error },
    );
  }
}

function worthAnother(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || !(error instanceof BerthError)) return false;
  return error.code === 'registry-unreachable' || isTruncation(error);
}

function isTruncation(error: unknown): boolean {
  return error instanceof BerthError && error.code === 'layer-truncated';
}

function truncated(options: DownloadOptions, have: number): BerthError {
  return new BerthError(
    'layer-truncated',
    `unexpected EOF: layer ${options.digest} has ${options.sizeBytes} bytes, ${have} arrived`,
    {
      expected: options.sizeBytes,
      actual: have,
    },
  );
}

function tooLong(options: DownloadOptions): BerthError {
  return new BerthError(
    'digest-mismatch',
    `filesystem layer verification failed for digest ${options.digest}`,
    {
      expected: options.digest,
      actual: 'more bytes than the manifest says',
    },
  );
}
