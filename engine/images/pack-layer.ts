import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ImageStoreParts } from './store.ts';

/** A layer compressed for a registry, in a file under tmp. */
export interface PackedLayer {
  digest: string;
  sizeBytes: number;
  /** Bytes from `start` to `end` (exclusive); `progress` counts from the start of the whole. */
  open(part: { start: number; end: number; progress: (sentBytes: number) => void }): Readable;
  discard(): Promise<void>;
}

/** Compresses the very tar of a layer; the digest of the result is what the registry will call it. */
export async function packLayer(
  parts: ImageStoreParts,
  chain: string,
  signal: AbortSignal,
): Promise<PackedLayer> {
  const path = join(parts.files.tmp, `push-${randomUUID()}`);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(parts.layers.tar(chain), createGzip(), measure, createWriteStream(path, { mode: 0o600 }), {
      signal,
    });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return {
    digest: `sha256:${hash.digest('hex')}`,
    sizeBytes,
    open({ start, end, progress }) {
      let sent = start;
      const count = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          sent += chunk.length;
          progress(sent);
          done(null, chunk);
        },
      });
      const file = createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 });
      file.on('error', (error) => count.destroy(error));
      return file.pipe(count);
    },
    discard: () => rm(path, { force: true }),
  };
}
