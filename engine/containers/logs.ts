import { BerthError } from '../errors.ts';
import type { LogChunk } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { ContainerParts } from './parts.ts';

const newline = 10;

export interface LogQuery {
  stdout: boolean;
  stderr: boolean;
  follow: boolean;
  timestamps: boolean;
  /** Before each line the log options' extra attributes: none here, so a blank, as Docker prints it. */
  details: boolean;
  /** A number of lines, or anything else for all. */
  tail: string;
  /** Nanoseconds since the epoch; undefined: no bound. */
  sinceNs: bigint | undefined;
  untilNs: bigint | undefined;
}

export interface StreamBytes {
  stream: 'stdout' | 'stderr';
  bytes: Uint8Array;
}

/** Docker's `since` and `until`: seconds since the epoch with a fraction of up to nine digits; '' is none. */
export function parseTime(text: string): bigint | undefined {
  if (text === '') return undefined;
  const found = /^(-?\d+)(?:\.(\d{1,9})\d*)?$/.exec(text);
  if (found === null) {
    const parsed = Date.parse(text);
    if (Number.isNaN(parsed)) {
      throw new BerthError('bad-parameter', `invalid value for time: ${text}`, { value: text });
    }
    return BigInt(parsed) * 1_000_000n;
  }
  return BigInt(found[1] ?? '0') * 1_000_000_000n + BigInt((found[2] ?? '').padEnd(9, '0'));
}

/** What `docker logs` answers, chunk by chunk. Ends at the end of the log, or with `follow` at the end of the run. */
export async function* readLogs(
  parts: ContainerParts,
  container: Container,
  options: { query: LogQuery; signal: AbortSignal },
): AsyncGenerator<StreamBytes> {
  const { query } = options;
  if (container.definition.hostConfig.LogConfig?.Type === 'none') {
    throw new BerthError('refused-option', 'configured logging driver does not support reading', {
      option: 'LogConfig.Type=none',
    });
  }
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  options.signal.addEventListener('abort', stop, { once: true });
  const timer = query.follow && query.untilNs !== undefined ? stopAt(query.untilNs, stop) : undefined;
  const run = container.run;
  const follow =
    query.follow && run !== undefined
      ? { onLog: (listener: () => void) => container.onLog(listener), ended: run.shim.exited }
      : undefined;
  const chunks = parts.openLog(container.files.log).read({
    from: /^\d+$/.test(query.tail) ? { tailLines: Number(query.tail) } : 'start',
    ...(follow === undefined ? {} : { follow }),
    signal: stopped.signal,
  });
  try {
    yield* select(chunks, query);
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', stop);
    stop();
  }
}

function stopAt(untilNs: bigint, stop: () => void): NodeJS.Timeout {
  return setTimeout(stop, Math.max(0, Number(untilNs / 1_000_000n) - Date.now()));
}

async function* select(chunks: AsyncGenerator<LogChunk>, query: LogQuery): AsyncGenerator<StreamBytes> {
  const stampers = { stdout: new LineStamper(), stderr: new LineStamper() };
  for await (const chunk of chunks) {
    if (query.untilNs !== undefined && chunk.timeNs > query.untilNs) return;
    if (query.sinceNs !== undefined && chunk.timeNs < query.sinceNs) continue;
    if (!query[chunk.stream]) continue;
    const prefix = `${query.timestamps ? `${timeText(chunk.timeNs)} ` : ''}${query.details ? ' ' : ''}`;
    const bytes = prefix === '' ? chunk.bytes : stampers[chunk.stream].stamp(chunk.bytes, prefix);
    if (bytes.length > 0) yield { stream: chunk.stream, bytes };
  }
}

/** Puts a prefix, such as the time, before each line; a line that goes on in the next chunk gets it once. */
class LineStamper {
  #atLineStart = true;

  stamp(bytes: Uint8Array, text: string): Uint8Array {
    const prefix = Buffer.from(text);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const found = bytes.indexOf(newline, at);
      const end = found === -1 ? bytes.length : found + 1;
      if (this.#atLineStart) parts.push(prefix);
      parts.push(bytes.subarray(at, end));
      this.#atLineStart = found !== -1;
      at = end;
    }
    return Buffer.concat(parts);
  }
}

/** RFC 3339 in UTC with nine digits, as Docker prints before lines. */
export function timeText(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}
