import type { LogLine } from '../api/post-mortem.ts';
import type { LogChunk, LogReader } from '../runtime/runtime.ts';
import { timeText } from './logs.ts';

/** Lines that a post-mortem shows. */
const shownLines = 20;
/** Lines of later runs that may lie behind them. */
const searchedLines = 2000;
/** Characters of a line that are shown. */
const maxLineLength = 2000;

const newline = 10;

/** The last lines that a run printed, oldest first; the log may have gone on with a later run. */
export async function lastLines(
  log: LogReader,
  run: { startedAt: string | null; finishedAt: string },
): Promise<LogLine[]> {
  if (run.startedAt === null) return [];
  const from = timeNs(run.startedAt);
  const to = timeNs(run.finishedAt);
  const splitter = new LineSplitter();
  for await (const chunk of log.read({ from: { tailLines: searchedLines } })) {
    // The engine's clock gives milliseconds, the log's nanoseconds.
    if (chunk.timeNs >= from - 1_000_000n && chunk.timeNs <= to + 1_000_000n) splitter.take(chunk);
  }
  return splitter.end().slice(-shownLines);
}

/** Nanoseconds since the epoch of RFC 3339 with up to nine digits. */
function timeNs(text: string): bigint {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  const seconds = BigInt(Math.floor(Date.parse(text) / 1000));
  return seconds * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** Lines of two streams; one that goes on in the next chunk has the time of its beginning. */
class LineSplitter {
  readonly #lines: LogLine[] = [];
  readonly #open = new Map<LogChunk['stream'], { time: string; parts: Uint8Array[] }>();

  take(chunk: LogChunk): void {
    for (let at = 0; at < chunk.bytes.length; ) {
      const found = chunk.bytes.indexOf(newline, at);
      const end = found === -1 ? chunk.bytes.length : found;
      const open = this.#open.get(chunk.stream) ?? { time: timeText(chunk.timeNs), parts: [] };
      open.parts.push(chunk.bytes.subarray(at, end));
      this.#open.set(chunk.stream, open);
      if (found !== -1) this.#close(chunk.stream);
      at = end + 1;
    }
  }

  end(): LogLine[] {
    for (const stream of [...this.#open.keys()]) this.#close(stream);
    return this.#lines;
  }

  #close(stream: LogChunk['stream']): void {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    this.#open.delete(stream);
    const text = Buffer.concat(open.parts).toString('utf8').replace(/\r$/, '').slice(0, maxLineLength);
    this.#lines.push({ stream, time: open.time, text });
  }
}
