import { stripAnsi } from './ansi.ts';
import { Demultiplexer, streamStdout } from './demux.ts';
import { LogBuffer } from './log-buffer.ts';
import { LogFilter, type LogQuery } from './log-filter.ts';
import type { Histogram, LogRow, LogState, RowWindow } from './protocol.ts';

/** Bytes of a line that are sent to the page; nobody reads further, and a row of megabytes stalls layout. */
const shownBytes = 16 * 1024;

export const openQuery: LogQuery = {
  text: '',
  matchCase: false,
  regex: false,
  onlyMatches: false,
  levels: 31,
  stdout: true,
  stderr: true,
};

/** Everything the worker does, without the messages: one container's log, its filter and its rows. */
export class LogEngine {
  buffer = new LogBuffer();
  filter = new LogFilter(this.buffer, openQuery);
  readonly #decoder = new TextDecoder();
  #demultiplexer: Demultiplexer | null = null;

  /** A stream begins, the first or one after a lost connection: lines up to `afterMs` are there already. */
  open(multiplexed: boolean, afterMs: number | null): void {
    this.buffer.flush();
    this.buffer.ignoreUntil(afterMs);
    this.#demultiplexer = multiplexed
      ? new Demultiplexer((stream, payload) => this.buffer.push(stream, payload))
      : null;
  }

  push(bytes: Uint8Array): void {
    if (this.#demultiplexer) this.#demultiplexer.push(bytes);
    else this.buffer.push(streamStdout, bytes);
  }

  close(): void {
    this.buffer.flush();
  }

  clear(): void {
    this.buffer = new LogBuffer();
    this.filter = new LogFilter(this.buffer, this.filter.query);
  }

  query(query: LogQuery): void {
    this.filter = new LogFilter(this.buffer, query);
  }

  state(): LogState {
    this.filter.update();
    const { buffer, filter } = this;
    return {
      lines: buffer.lines,
      bytes: buffer.bytes,
      dropped: buffer.firstLine,
      total: filter.total,
      matches: filter.matches,
      levelCounts: [...buffer.levelCounts],
      lastTimeMs: buffer.lastTimeMs,
    };
  }

  rows(window: RowWindow): { start: number; rows: LogRow[] } {
    const { total } = this.filter;
    const start =
      window.start === 'end'
        ? Math.max(0, total - window.count)
        : Math.max(0, Math.min(Math.floor(window.start), total));
    const rows: LogRow[] = [];
    for (let i = start; i < Math.min(total, start + window.count); i++) {
      const row = this.#row(this.filter.lineAt(i));
      if (row) rows.push(row);
    }
    return { start, rows };
  }

  #row(line: number): LogRow | undefined {
    const place = this.buffer.locate(line);
    if (!place) return undefined;
    const { chunk, index } = place;
    const from = chunk.starts[index]!;
    const end = chunk.end(index);
    const to = Math.min(end, from + shownBytes);
    return {
      line,
      timeMs: chunk.times[index]!,
      level: chunk.level(index),
      stderr: chunk.isStderr(index),
      continued: chunk.isContinued(index),
      text: this.#decoder.decode(chunk.bytes.subarray(from, to)),
      cutBytes: end - to,
    };
  }

  /** Lines in equal steps of time, with the errors among them; null while no line has a time. */
  histogram(buckets: number): Histogram | null {
    let startMs = Number.POSITIVE_INFINITY;
    let endMs = Number.NEGATIVE_INFINITY;
    for (const chunk of this.buffer.chunks) {
      if (chunk.lines === 0) continue;
      const first = chunk.times[0]!;
      const last = chunk.times[chunk.lines - 1]!;
      if (first < startMs) startMs = first;
      if (last > endMs) endMs = last;
    }
    if (!(endMs > startMs)) return null;
    const counts = new Array<number>(buckets).fill(0);
    const errors = new Array<number>(buckets).fill(0);
    const scale = buckets / (endMs - startMs);
    for (const chunk of this.buffer.chunks)
      for (let i = 0; i < chunk.lines; i++) {
        const bucket = Math.floor((chunk.times[i]! - startMs) * scale);
        if (!(bucket >= 0)) continue;
        const place = Math.min(buckets - 1, bucket);
        counts[place]!++;
        if (chunk.level(i) === 4) errors[place]!++;
      }
    return { startMs, endMs, counts, errors };
  }

  /** The shown lines as text, escape sequences left out, with or without their times. */
  export(withTimes: boolean): Blob {
    this.filter.update();
    const parts: string[] = [];
    let scratch = new Uint8Array(64 * 1024);
    for (let i = 0; i < this.filter.total; i++) {
      const place = this.buffer.locate(this.filter.lineAt(i));
      if (!place) continue;
      const { chunk, index } = place;
      const from = chunk.starts[index]!;
      const end = chunk.end(index);
      if (scratch.length < end - from) scratch = new Uint8Array((end - from) * 2);
      const text = this.#decoder.decode(scratch.subarray(0, stripAnsi(chunk.bytes, from, end, scratch)));
      const time = chunk.times[index]!;
      parts.push(
        withTimes && Number.isFinite(time) ? `${new Date(time).toISOString()} ${text}\n` : `${text}\n`,
      );
    }
    return new Blob(parts, { type: 'text/plain' });
  }
}
