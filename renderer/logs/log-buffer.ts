import { stripAnsi } from './ansi.ts';
import type { LogStream } from './demux.ts';
import { detectLevel, isContinuation, type LevelCode } from './level.ts';
import { readStamp } from './timestamp.ts';

/** Bytes of one chunk. Large enough that a million lines need few objects, small enough to drop one at a time. */
export const chunkBytes = 4 * 1024 * 1024;

/** What one container's log may hold in the page; beyond it the oldest chunk goes, and the footer says so. */
export const capBytes = 256 * 1024 * 1024;

const flagStderr = 8;
const flagEscape = 16;
const flagContinued = 32;
const newline = 10;
const noTime = Number.NaN;

/** A stretch of the log with the index of its lines. Lines never span two chunks; each ends with a newline. */
export class LogChunk {
  bytes: Uint8Array;
  used = 0;
  lines = 0;
  /** Number of this chunk's first line, counted from the beginning of the stream. */
  readonly firstLine: number;
  starts = new Uint32Array(1024);
  times = new Float64Array(1024);
  flags = new Uint8Array(1024);

  constructor(firstLine: number, size: number) {
    this.firstLine = firstLine;
    this.bytes = new Uint8Array(size);
  }

  end(index: number): number {
    return (index + 1 < this.lines ? this.starts[index + 1]! : this.used) - 1;
  }

  level(index: number): LevelCode {
    return (this.flags[index]! & 7) as LevelCode;
  }

  isStderr(index: number): boolean {
    return (this.flags[index]! & flagStderr) !== 0;
  }

  hasEscapes(index: number): boolean {
    return (this.flags[index]! & flagEscape) !== 0;
  }

  isContinued(index: number): boolean {
    return (this.flags[index]! & flagContinued) !== 0;
  }

  #grow() {
    const size = this.starts.length * 2;
    const starts = new Uint32Array(size);
    const times = new Float64Array(size);
    const flags = new Uint8Array(size);
    starts.set(this.starts);
    times.set(this.times);
    flags.set(this.flags);
    this.starts = starts;
    this.times = times;
    this.flags = flags;
  }

  add(line: Uint8Array, timeMs: number, flags: number): void {
    if (this.lines === this.starts.length) this.#grow();
    this.starts[this.lines] = this.used;
    this.times[this.lines] = timeMs;
    this.flags[this.lines] = flags;
    this.lines++;
    this.bytes.set(line, this.used);
    this.used += line.length;
    this.bytes[this.used++] = newline;
  }
}

export interface LineRef {
  chunk: LogChunk;
  index: number;
}

/**
 * The log of one container: bytes in chunks, line starts, times and flags in typed arrays.
 * Lines are numbered from the stream's beginning and keep their number when older ones are dropped.
 */
export class LogBuffer {
  readonly chunks: LogChunk[] = [];
  /** Bytes of text kept, separators included. */
  bytes = 0;
  readonly levelCounts = [0, 0, 0, 0, 0];
  readonly #cap: number;
  readonly #chunkSize: number;
  readonly #pending = new Map<LogStream, Uint8Array>();
  #previousLevel: LevelCode = 0;
  #scratch = new Uint8Array(64 * 1024);
  #ignoredUntilMs: number | null = null;

  constructor(limits: { capBytes?: number; chunkBytes?: number } = {}) {
    this.#cap = limits.capBytes ?? capBytes;
    this.#chunkSize = limits.chunkBytes ?? chunkBytes;
  }

  get firstLine(): number {
    return this.chunks[0]?.firstLine ?? 0;
  }

  /** Number that the next line will have. */
  get nextLine(): number {
    const last = this.chunks.at(-1);
    return last ? last.firstLine + last.lines : 0;
  }

  get lines(): number {
    return this.nextLine - this.firstLine;
  }

  /** Time of the newest line that has one, NaN without. */
  get lastTimeMs(): number {
    const last = this.chunks.at(-1);
    return last && last.lines > 0 ? last.times[last.lines - 1]! : noTime;
  }

  /** Leaves out stamped lines up to and with this time, until a later one comes: `since` repeats whole seconds. */
  ignoreUntil(timeMs: number | null): void {
    this.#ignoredUntilMs = timeMs;
  }

  /** Takes bytes of one stream; the end of an unfinished line waits for its rest. */
  push(stream: LogStream, payload: Uint8Array): void {
    let at = 0;
    const before = this.#pending.get(stream);
    if (before !== undefined) {
      const stop = payload.indexOf(newline);
      // A long line comes as several frames, each with a stamp of its own.
      const from = readStamp(payload, 0, payload.length)?.end ?? 0;
      const piece = payload.subarray(from, stop < 0 ? payload.length : stop);
      const joined = new Uint8Array(before.length + piece.length);
      joined.set(before);
      joined.set(piece, before.length);
      if (stop < 0) {
        this.#pending.set(stream, joined);
        return;
      }
      this.#pending.delete(stream);
      this.#line(stream, joined, 0, joined.length);
      at = stop + 1;
    }
    while (at < payload.length) {
      const stop = payload.indexOf(newline, at);
      if (stop < 0) {
        this.#pending.set(stream, payload.slice(at));
        return;
      }
      this.#line(stream, payload, at, stop);
      at = stop + 1;
    }
  }

  /** Takes what waits for a newline as lines: the stream has ended. */
  flush(): void {
    for (const [stream, rest] of this.#pending) this.#line(stream, rest, 0, rest.length);
    this.#pending.clear();
  }

  #line(stream: LogStream, bytes: Uint8Array, start: number, end: number): void {
    const stamp = readStamp(bytes, start, end);
    if (this.#ignoredUntilMs !== null && stamp) {
      if (stamp.timeMs <= this.#ignoredUntilMs) return;
      this.#ignoredUntilMs = null;
    }
    const from = stamp?.end ?? start;
    let to = end;
    while (to > from && bytes[to - 1] === 13) to--;
    const line = bytes.subarray(from, to);
    const escapes = line.includes(27);
    let level: LevelCode;
    const continued = isContinuation(bytes, from, to);
    if (continued) level = this.#previousLevel;
    else if (escapes) {
      const length = this.#strip(line);
      level = detectLevel(this.#scratch, 0, length);
    } else level = detectLevel(bytes, from, to);
    this.#previousLevel = level;
    const flags =
      level | (stream === 2 ? flagStderr : 0) | (escapes ? flagEscape : 0) | (continued ? flagContinued : 0);
    this.#chunkFor(line.length + 1).add(line, stamp?.timeMs ?? noTime, flags);
    this.levelCounts[level]!++;
    this.bytes += line.length + 1;
    this.#drop();
  }

  #strip(line: Uint8Array): number {
    if (this.#scratch.length < line.length) this.#scratch = new Uint8Array(line.length * 2);
    return stripAnsi(line, 0, line.length, this.#scratch);
  }

  #chunkFor(need: number): LogChunk {
    const last = this.chunks.at(-1);
    if (last && last.used + need <= last.bytes.length) return last;
    const chunk = new LogChunk(this.nextLine, Math.max(this.#chunkSize, need));
    this.chunks.push(chunk);
    return chunk;
  }

  #drop(): void {
    while (this.bytes > this.#cap && this.chunks.length > 1) {
      const gone = this.chunks.shift()!;
      this.bytes -= gone.used;
      for (let i = 0; i < gone.lines; i++) this.levelCounts[gone.level(i)]!--;
    }
  }

  /** Where a line lies; undefined when it was dropped or has not come. */
  locate(line: number): LineRef | undefined {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const chunk = this.chunks[middle]!;
      if (line < chunk.firstLine) high = middle - 1;
      else if (line >= chunk.firstLine + chunk.lines) low = middle + 1;
      else return { chunk, index: line - chunk.firstLine };
    }
    return undefined;
  }

  /** First line at or after a time, by the chunks' order; the last line when all are older. */
  lineAt(timeMs: number): number {
    for (const chunk of this.chunks) {
      if (chunk.lines === 0 || chunk.times[chunk.lines - 1]! < timeMs) continue;
      for (let i = 0; i < chunk.lines; i++) if (chunk.times[i]! >= timeMs) return chunk.firstLine + i;
    }
    return Math.max(this.firstLine, this.nextLine - 1);
  }
}
