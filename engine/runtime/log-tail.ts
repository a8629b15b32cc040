import type { FileHandle } from 'node:fs/promises';
import { chunkBefore, maxChunkBytes, parseChunks } from './log-chunks.ts';
import type { Segment } from './log-segments.ts';

const blockBytes = 1_048_576;
const newline = 10;

/** A place in a log: a chunk's first byte in a segment, and how many bytes of that chunk to leave out. */
export interface LogPosition {
  /** Index into the list of segments. */
  index: number;
  offset: number;
  skip: number;
}

/** The end of the last complete chunk of each segment's file; a chunk that is being written does not count. */
export async function chunkEnd(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const start = Math.max(0, size - maxChunkBytes);
  const bytes = await readRange(file, start, size);
  if (bytes.length === 0) return 0;
  if (chunkBefore(bytes, bytes.length)) return start + bytes.length;
  return await scanEnd(file, size);
}

/** From the front, for a file whose end is in the middle of a chunk. */
async function scanEnd(file: FileHandle, size: number): Promise<number> {
  let offset = 0;
  for (;;) {
    const bytes = await readRange(file, offset, Math.min(size, offset + blockBytes));
    const { used } = parseChunks(bytes);
    if (used === 0) return offset;
    offset += used;
  }
}

/**
 * Where the last `lines` lines begin, walking backwards over both streams. `ends[i]` is the end of segments[i]. A last
 * line without a newline counts.
 */
export async function tailPosition(
  segments: readonly Segment[],
  ends: number[],
  lines: number,
): Promise<LogPosition> {
  const counter = new LineCounter(lines);
  for (let index = segments.length - 1; index >= 0; index--) {
    const file = segments[index]!.file;
    let end = ends[index]!;
    while (end > 0) {
      const blockStart = Math.max(0, end - blockBytes);
      const block = await readRange(file, blockStart, end);
      let place = block.length;
      for (let chunk = chunkBefore(block, place); chunk; chunk = chunkBefore(block, place)) {
        const skip = counter.take(chunk.stream, chunk.bytes);
        if (skip !== undefined) return { index, offset: blockStart + chunk.start, skip };
        place = chunk.start;
      }
      if (place === block.length) throw new Error('the log is damaged: no chunk where one should end');
      end = blockStart + place;
    }
  }
  return { index: 0, offset: 0, skip: 0 };
}

/**
 * Counts lines backwards by their ends, as they came to be complete; each stream has lines of its own, and what a
 * stream has written last without a newline counts as one.
 */
class LineCounter {
  #wanted: number;
  #seen = [false, false, false, false];

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  /** Takes the chunk before those taken so far; the offset in it where output begins, once enough lines are found. */
  take(stream: number, bytes: Buffer): number | undefined {
    if (bytes.length === 0) return undefined;
    if (!this.#seen[stream] && bytes.at(-1) !== newline && this.#count()) return bytes.length;
    this.#seen[stream] = true;
    for (
      let at = bytes.lastIndexOf(newline);
      at >= 0;
      at = at === 0 ? -1 : bytes.lastIndexOf(newline, at - 1)
    ) {
      if (this.#count()) return at + 1;
    }
    return undefined;
  }

  /** True for the first line that is one too many. */
  #count(): boolean {
    this.#wanted -= 1;
    return this.#wanted < 0;
  }
}

/** Bytes [start, end) of the file, fewer when it is shorter. */
export async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, end - start));
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, start + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
