/** What the listeners of an arriving layer hear. */
export type LayerStep =
  | { step: 'waiting' }
  | { step: 'downloading'; current: number; total: number }
  | { step: 'downloaded' }
  | { step: 'extracting'; current: number; total: number }
  /** All below is in its place, and so will this be. */
  | { step: 'placing' }
  | { step: 'done' };

type Listener = (step: LayerStep) => void;

interface Arrival {
  listeners: Set<Listener>;
  done: Promise<void>;
  abort: AbortController;
  last: LayerStep | undefined;
}

/** Two pulls that need the same layer share one download; it stops when the last of them has gone. */
export class SharedLayers {
  readonly #arriving = new Map<string, Arrival>();

  /**
   * Joins the arrival of a layer, or begins it by `work`. Rejects when the work does, or when this caller's signal is
   * aborted (then the work goes on for others).
   */
  async join(options: {
    chain: string;
    signal: AbortSignal;
    listener: Listener;
    work: (report: Listener, signal: AbortSignal) => Promise<void>;
  }): Promise<void> {
    const { chain, signal, listener } = options;
    signal.throwIfAborted();
    const arrival = this.#arriving.get(chain) ?? this.#begin(chain, options.work);
    arrival.listeners.add(listener);
    if (arrival.last !== undefined) listener(arrival.last);
    let leave = () => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      await Promise.race([arrival.done, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      arrival.listeners.delete(listener);
      if (arrival.listeners.size === 0) {
        arrival.abort.abort(signal.reason);
        // Whoever hears of the end finds nothing half made any more.
        await arrival.done.catch(() => {});
      }
    }
  }

  #begin(chain: string, work: (report: Listener, signal: AbortSignal) => Promise<void>): Arrival {
    const abort = new AbortController();
    const arrival: Arrival = { listeners: new Set(), done: Promise.resolve(), abort, last: undefined };
    const report: Listener = (step) => {
      arrival.last = step;
      for (const listener of arrival.listeners) listener(step);
    };
    this.#arriving.set(chain, arrival);
    arrival.done = work(report, abort.signal).finally(() => this.#arriving.delete(chain));
    // Everybody may have gone before it fails.
    arrival.done.catch(() => {});
    return arrival;
  }
}
