import type { LogQuery } from './log-filter.ts';

/** Messages between the page and a log's worker. The worker owns the bytes; the page sees the rows it shows. */

export interface RowWindow {
  /** First row of the view wanted, or the newest rows. */
  start: number | 'end';
  count: number;
}

export type ToLogWorker =
  | { type: 'open'; multiplexed: boolean; afterMs: number | null }
  | { type: 'bytes'; bytes: Uint8Array }
  | { type: 'closed' }
  | { type: 'query'; query: LogQuery }
  | { type: 'window'; window: RowWindow }
  /** Asks for the row of a match: the nth, or the next one at or after a row. */
  | { type: 'match'; request: number; index: number }
  | { type: 'match-near'; request: number; row: number }
  | { type: 'time'; request: number; timeMs: number }
  | { type: 'export'; request: number; withTimes: boolean }
  | { type: 'clear' };

export interface LogRow {
  /** Line number from the stream's beginning, 0 the first. */
  line: number;
  timeMs: number;
  /** Index into `levels`. */
  level: number;
  stderr: boolean;
  continued: boolean;
  text: string;
  /** Bytes of the line that are not in `text`, because it is too long to show. */
  cutBytes: number;
}

export interface Histogram {
  startMs: number;
  endMs: number;
  counts: number[];
  errors: number[];
}

/** State of the whole log. */
export interface LogState {
  lines: number;
  bytes: number;
  /** Lines no longer kept: numbers below this one. */
  dropped: number;
  total: number;
  matches: number;
  levelCounts: number[];
  lastTimeMs: number;
}

export type FromLogWorker =
  | { type: 'view'; state: LogState; start: number; rows: LogRow[] }
  | { type: 'histogram'; histogram: Histogram }
  | { type: 'answer'; request: number; row: number; index: number }
  | { type: 'exported'; request: number; blob: Blob };
