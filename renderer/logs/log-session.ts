import { streams } from '../bridge/index.ts';
import { openQuery } from './log-engine.ts';
import type { LogQuery } from './log-filter.ts';
import type { FromLogWorker, Histogram, LogRow, LogState, RowWindow, ToLogWorker } from './protocol.ts';

/** How the stream stands. `ended`: the container stopped, everything has come. */
export type LogPhase = 'opening' | 'following' | 'ended' | 'lost' | 'failed';

export type TimeFormat = 'local' | 'utc' | 'seconds' | 'off';

export interface LogSnapshot {
  phase: LogPhase;
  error: unknown;
  state: LogState;
  start: number;
  rows: LogRow[];
  histogram: Histogram | null;
  /** Two streams, or the one of a terminal. */
  multiplexed: boolean;
}

const nothing: LogState = {
  lines: 0,
  bytes: 0,
  dropped: 0,
  total: 0,
  matches: 0,
  levelCounts: [0, 0, 0, 0, 0],
  lastTimeMs: Number.NaN,
};

/** Waits between attempts after a lost connection. */
const retryMs = [500, 1000, 2000, 5000];

const multiplexedType = 'application/vnd.docker.multiplexed-stream';

export interface MatchPlace {
  row: number;
  index: number;
}

/** A request on its way; what `sessions` keep of a log lies here, so that leaving the tab loses nothing. */
export class LogSession {
  readonly containerId: string;
  /** Where the reader is: first row shown (with fraction), or at the end. */
  position = { row: 0, follow: true };
  query: LogQuery = openQuery;
  snapshot: LogSnapshot = {
    phase: 'opening',
    error: null,
    state: nothing,
    start: 0,
    rows: [],
    histogram: null,
    multiplexed: true,
  };
  readonly #worker: Worker;
  readonly #listeners = new Set<() => void>();
  readonly #answers = new Map<number, (message: FromLogWorker) => void>();
  readonly #stop = new AbortController();
  #requests = 0;
  #reading = false;
  #wake: (() => void) | null = null;

  constructor(containerId: string) {
    this.containerId = containerId;
    this.#worker = new Worker(new URL('./log.worker.ts', import.meta.url), { type: 'module' });
    this.#worker.onmessage = (event: MessageEvent<FromLogWorker>) => this.#receive(event.data);
    void this.#read();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): LogSnapshot => this.snapshot;

  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  dispose(): void {
    this.#stop.abort();
    this.#wake?.();
    this.#worker.terminate();
  }

  /** Reads on after the container has started again, or at once instead of waiting for the next attempt. */
  resume(): void {
    if (this.#wake) this.#wake();
    else if (!this.#reading) void this.#read();
  }

  setQuery(query: LogQuery): void {
    this.query = query;
    this.#send({ type: 'query', query });
  }

  setWindow(window: RowWindow): void {
    this.#send({ type: 'window', window });
  }

  clear(): void {
    this.#send({ type: 'clear' });
  }

  match(index: number): Promise<MatchPlace> {
    return this.#ask((request) => ({ type: 'match', request, index }));
  }

  matchNear(row: number): Promise<MatchPlace> {
    return this.#ask((request) => ({ type: 'match-near', request, row }));
  }

  rowAtTime(timeMs: number): Promise<MatchPlace> {
    return this.#ask((request) => ({ type: 'time', request, timeMs }));
  }

  /** The shown lines as a text file. */
  export(withTimes: boolean): Promise<{ blob: Blob }> {
    return this.#ask((request) => ({ type: 'export', request, withTimes }));
  }

  #ask<Answer>(make: (request: number) => ToLogWorker): Promise<Answer> {
    const request = ++this.#requests;
    return new Promise((resolve) => {
      this.#answers.set(request, (message) => resolve(message as Answer));
      this.#send(make(request));
    });
  }

  #send(message: ToLogWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #change(change: Partial<LogSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }

  #receive(message: FromLogWorker): void {
    if (message.type === 'view') {
      const { state, start, rows } = message;
      this.#change({ state, start, rows });
    } else if (message.type === 'histogram') this.#change({ histogram: message.histogram });
    else {
      this.#answers.get(message.request)?.(message);
      this.#answers.delete(message.request);
    }
  }

  /** Reads until the container stops; after a lost connection goes on where it was. */
  async #read(): Promise<void> {
    this.#reading = true;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        await this.#readOnce(() => {
          attempt = 0;
        });
        this.#send({ type: 'closed' });
        this.#change({ phase: 'ended' });
        break;
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        const status = (error as { status?: number }).status;
        if (status !== undefined && status < 500) {
          this.#change({ phase: 'failed', error });
          break;
        }
        this.#change({ phase: 'lost', error });
        await this.#pause(retryMs[Math.min(attempt, retryMs.length - 1)]!);
      }
    }
    this.#reading = false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  async #readOnce(opened: () => void): Promise<void> {
    const last = this.snapshot.state.lastTimeMs;
    const response = await streams.containers.logs(
      this.containerId,
      {
        follow: true,
        stdout: true,
        stderr: true,
        timestamps: true,
        ...(Number.isFinite(last) ? { since: String(Math.floor(last / 1000)) } : {}),
      },
      { signal: this.#stop.signal },
    );
    opened();
    const type = Object.entries(response.headers).find(([name]) => name.toLowerCase() === 'content-type');
    const multiplexed = type?.[1] === multiplexedType;
    this.#send({
      type: 'open',
      multiplexed,
      afterMs: Number.isFinite(last) ? last : null,
    });
    this.#change({ phase: 'following', error: null, multiplexed });
    for await (const bytes of response.body)
      this.#send({ type: 'bytes', bytes }, [bytes.buffer as ArrayBuffer]);
  }
}

/** Logs kept open behind the one that is shown; more would hold memory for little use. */
const keptSessions = 4;
const sessions = new Map<string, LogSession>();

/** The session of a container, made at its first use; the least recently used ones are closed. */
export function logSession(containerId: string): LogSession {
  const session = sessions.get(containerId) ?? new LogSession(containerId);
  sessions.delete(containerId);
  sessions.set(containerId, session);
  for (const [id, old] of sessions) {
    if (sessions.size <= keptSessions) break;
    if (old.watched || old === session) continue;
    sessions.delete(id);
    old.dispose();
  }
  return session;
}

/** Ends a container's log, once the container is removed. */
export function dropLogSession(containerId: string): void {
  sessions.get(containerId)?.dispose();
  sessions.delete(containerId);
}
