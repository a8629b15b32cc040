import type { LogChunk } from './runtime.ts';

/** Layout of a chunk on disk: docs/shim-protocol.md. */
export const chunkHeaderBytes = 16;
/** Header and trailing length. */
export const chunkFrameBytes = 20;
export const maxChunkBytes = chunkFrameBytes + 65_536;

const streams = [undefined, 'stdout', 'stderr', 'marker'] as const;

/** Takes all complete chunks from the front of `bytes`; `used` tells how many bytes they were. Markers are left out. */
export function parseChunks(bytes: Buffer): { chunks: LogChunk[]; used: number } {
  const chunks: LogChunk[] = [];
  let used = 0;
  while (used + chunkFrameBytes <= bytes.length) {
    const length = bytes.readUInt32LE(used);
    const stream = streams[bytes[used + 4]!];
    if (length > maxChunkBytes - chunkFrameBytes || stream === undefined) {
      throw new Error(`the log is damaged: no chunk where one should begin`);
    }
    const next = used + chunkFrameBytes + length;
    if (next > bytes.length) break;
    const start = used + chunkHeaderBytes;
    if (stream !== 'marker') {
      chunks.push({
        stream,
        timeNs: bytes.readBigUInt64LE(used + 8),
        bytes: bytes.subarray(start, start + length),
      });
    }
    used = next;
  }
  return { chunks, used };
}

/**
 * The chunk that ends at `end` of `bytes`: where it begins and its bytes. Undefined when it begins before `bytes` does,
 * or when no whole chunk ends there.
 */
export function chunkBefore(
  bytes: Buffer,
  end: number,
): { start: number; stream: number; bytes: Buffer } | undefined {
  if (end < chunkFrameBytes) return undefined;
  const length = bytes.readUInt32LE(end - 4);
  const start = end - chunkFrameBytes - length;
  if (length > maxChunkBytes - chunkFrameBytes || start < 0) return undefined;
  const stream = bytes[start + 4]!;
  if (bytes.readUInt32LE(start) !== length || stream < 1 || stream > 3 || bytes[start + 5] !== 0) {
    return undefined;
  }
  return { start, stream, bytes: bytes.subarray(start + chunkHeaderBytes, end - 4) };
}
