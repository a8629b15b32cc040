/** Layers that running operations need: nothing collects them before the operation is over. */
export class Leases {
  readonly #held = new Map<string, number>();

  hold(chains: readonly string[]): Disposable {
    for (const chain of chains) this.#held.set(chain, (this.#held.get(chain) ?? 0) + 1);
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (released) return;
        released = true;
        for (const chain of chains) {
          const left = (this.#held.get(chain) ?? 1) - 1;
          if (left > 0) this.#held.set(chain, left);
          else this.#held.delete(chain);
        }
      },
    };
  }

  holds(chain: string): boolean {
    return this.#held.has(chain);
  }
}

/** At most `limit` pieces of work at a time, in the order of asking. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  constructor(limit: number) {
    this.#free = limit;
  }

  /** True when work would have to wait. */
  get busy(): boolean {
    return this.#free === 0;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
