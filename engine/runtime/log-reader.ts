import { Brake } from './log-brake.ts';
import { maxChunkBytes, parseChunks } from './log-chunks.ts';
import { LogSegments } from './log-segments.ts';
import { chunkEnd, type LogPosition, readRange, tailPosition } from './log-tail.ts';
import type { LogChunk, LogReader, LogReadOptions } from './runtime.ts';

/** Bytes of one read: a few milliseconds of work, and more than the largest chunk. */
const portionBytes = 4 * maxChunkBytes;

/** Opens the chunk log in a directory (docs/shim-protocol.md), which need not exist yet. */
export function openLog(directory: string): LogReader {
  return {
    portions: (options) => readPortions(directory, options),
    async *read(options) {
      for await (const portion of readPortions(directory, options)) yield* portion;
    },
  };
}

async function* readPortions(directory: string, options: LogReadOptions): AsyncGenerator<LogChunk[]> {
  await using segments = new LogSegments(directory);
  const brake = new Brake(options);
  const waiter = new Waiter(options, async () => {
    await segments.refresh();
    await brake.check(segments);
  });
  try {
    await segments.refresh();
    const cursor = await Cursor.open(segments, options);
    brake.follow(() => cursor.offset);
    for (;;) {
      if (options.signal?.aborted) return;
      // Asked before reading: what was written before the end is then in files that refresh finds.
      const ended = waiter.ended;
      if (ended) await segments.refresh();
      const portion = await cursor.next();
      await brake.check(segments);
      if (portion) yield portion;
      else if (!options.follow || ended) return;
      else await waiter.wait(() => segments.refresh());
    }
  } finally {
    waiter.stop();
    brake.end();
  }
}

interface ReadLimit {
  segment: number;
  offset: number;
}

/** Walks forward over the segments. */
class Cursor {
  #segments: LogSegments;
  #offset: number;
  #skip: number;
  /** Where a reader that does not follow stops: the end at its beginning, or it would chase a busy writer. */
  #limit: ReadLimit | undefined;

  private constructor(segments: LogSegments, position: LogPosition, limit: ReadLimit | undefined) {
    this.#segments = segments;
    this.#offset = position.offset;
    this.#skip = position.skip;
    this.#limit = limit;
  }

  static async open(segments: LogSegments, options: LogReadOptions): Promise<Cursor> {
    const list = [...segments.open];
    const ends: number[] = [];
    for (const segment of list) ends.push(await chunkEnd(segment.file));
    const position = await startPosition(list, ends, options.from);
    for (let i = 0; i < position.index; i++) await segments.drop();
    const last = list.at(-1);
    const limit = options.follow ? undefined : { segment: last?.number ?? 0, offset: ends.at(-1) ?? 0 };
    return new Cursor(segments, position, limit);
  }

  /** Bytes of the first open segment that were read. */
  get offset(): number {
    return this.#offset;
  }

  /** The next chunks; undefined at the end of what is written. */
  async next(): Promise<LogChunk[] | undefined> {
    for (;;) {
      const segment = this.#segments.open[0];
      if (!segment) return undefined;
      // Known before reading: a segment with a successor grows no more.
      const complete = this.#segments.open.length > 1;
      const end = this.#end(segment.number);
      const bytes = await readRange(segment.file, this.#offset, Math.min(end, this.#offset + portionBytes));
      const { chunks, used } = parseChunks(bytes);
      this.#offset += used;
      const portion = this.#cut(chunks);
      if (portion.length > 0) return portion;
      if (used > 0) continue;
      if (!complete || segment.number === this.#limit?.segment) return undefined;
      await this.#segments.drop();
      this.#offset = 0;
    }
  }

  #end(segment: number): number {
    return segment === this.#limit?.segment ? this.#limit.offset : Number.POSITIVE_INFINITY;
  }

  /** Leaves out what lies before the first line of a tail. */
  #cut(chunks: LogChunk[]): LogChunk[] {
    const [first, ...rest] = chunks;
    if (this.#skip === 0 || !first) return chunks;
    const bytes = first.bytes.subarray(this.#skip);
    this.#skip = 0;
    return bytes.length > 0 ? [{ ...first, bytes }, ...rest] : rest;
  }
}

async function startPosition(
  list: LogSegments['open'],
  ends: number[],
  from: LogReadOptions['from'],
): Promise<LogPosition> {
  if (from === 'start') return { index: 0, offset: 0, skip: 0 };
  if (from === 'end' || from.tailLines <= 0) {
    return { index: Math.max(0, list.length - 1), offset: ends.at(-1) ?? 0, skip: 0 };
  }
  return await tailPosition(list, ends, from.tailLines);
}

/** Sleeps until the log has grown, its writer has ended or the reader is called off. */
class Waiter {
  ended = false;
  #dirty = false;
  #wake: (() => void) | undefined;
  #stop: (() => void)[] = [];

  constructor({ follow, signal }: LogReadOptions, refresh: () => Promise<void>) {
    if (!follow) return;
    const unsubscribe = follow.onLog(
      () => {
        this.#rouse();
        // Opened at once, not when a slow consumer asks for more: rotation waits for this, and for nothing else.
        return refresh();
      },
      { foreground: follow.hold !== undefined },
    );
    this.#stop.push(unsubscribe);
    const end = () => {
      this.ended = true;
      this.#rouse();
    };
    follow.ended.then(end, end);
    const abort = () => this.#rouse();
    signal?.addEventListener('abort', abort);
    this.#stop.push(() => signal?.removeEventListener('abort', abort));
  }

  /** Settles at once when something happened since the last wait. */
  async wait(refresh: () => Promise<void>): Promise<void> {
    if (!this.#dirty) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#dirty = false;
    await refresh();
  }

  stop(): void {
    for (const stop of this.#stop) stop();
  }

  #rouse(): void {
    this.#dirty = true;
    this.#wake?.();
  }
}
