import type { ShimConnection } from './shim-connection.ts';
import { messageType } from './shim-messages.ts';

/** Called at each growth of a log; what it returns settles when the segments that are there have been opened. */
export type LogListener = () => void | Promise<void>;

export interface LogListenOptions {
  /** For a client in the foreground: rather than delete a segment that was not opened, the writer waits. */
  foreground?: boolean;
}

/**
 * One session's LOG notices: the shim sends the next when this one is answered, and while there are listeners it keeps
 * the segments that came after the last answer. It is answered when all who listen have opened what there is; while
 * nobody does it stays unanswered, so that a log nobody reads costs nothing.
 */
export class LogNotices {
  #connection: ShimConnection;
  #session: number;
  #listeners = new Map<LogListener, boolean>();
  #told = { follow: false, wait: false };
  #unanswered = false;
  #holders = 0;

  constructor(connection: ShimConnection, session: number) {
    this.#connection = connection;
    this.#session = session;
  }

  /** A notice has come. */
  take(): void {
    this.#unanswered = this.#listeners.size === 0;
    if (!this.#unanswered) void this.#answer();
  }

  /** Returns the way to stop. */
  onLog(listener: LogListener, { foreground = false }: LogListenOptions = {}): () => void {
    this.#listeners.set(listener, foreground);
    this.#tellListeners();
    if (this.#unanswered) this.take();
    return () => {
      this.#listeners.delete(listener);
      this.#tellListeners();
    };
  }

  #tellListeners(): void {
    const wanted = { follow: this.#listeners.size > 0, wait: [...this.#listeners.values()].includes(true) };
    if (wanted.follow === this.#told.follow && wanted.wait === this.#told.wait) return;
    this.#told = wanted;
    this.#request(messageType.follow, wanted);
  }

  async #answer(): Promise<void> {
    await Promise.allSettled([...this.#listeners.keys()].map(async (listener) => listener()));
    const body = Buffer.from(JSON.stringify({ session: this.#session }));
    this.#connection.send(messageType.logSeen, 0, body);
  }

  /** Has the shim stop reading the process's output until every holder has let go. Returns the way to let go. */
  hold(): () => void {
    if (this.#holders++ === 0) this.#request(messageType.hold, { hold: true });
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holders === 0) this.#request(messageType.hold, { hold: false });
    };
  }

  /** A shim that has gone does nothing any more, and one of an earlier release knows no FOLLOW. */
  #request(type: typeof messageType.hold | typeof messageType.follow, body: object): void {
    this.#connection.request(type, { session: this.#session, ...body }).catch(() => {});
  }
}
