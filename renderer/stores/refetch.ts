/** Events that come within this time share one refetch. */
const joinMs = 100;

/**
 * Keeps a list current by Docker's terms: events say that something changed, a refetch says what it is.
 * One request is in flight at most; what is marked meanwhile is fetched once more after it.
 */
export class Refetcher {
  readonly #fetch: () => Promise<void>;
  #dirty = false;
  #running = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `fetch` handles its own failures; a throw is a defect. */
  constructor(fetch: () => Promise<void>) {
    this.#fetch = fetch;
  }

  /** Something changed: refetch within 100 ms. */
  mark(): void {
    this.#dirty = true;
    if (this.#running || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.now(), joinMs);
  }

  /** Refetches at once, or right after the request in flight. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dirty = true;
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#dirty) {
        this.#dirty = false;
        await this.#fetch();
      }
    } finally {
      this.#running = false;
    }
  }
}
