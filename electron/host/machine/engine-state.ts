import { setTimeout as delay } from 'node:timers/promises';
import type { MachineState } from '../api/machine.ts';

type State = MachineState['engine'];

/** As long as a restart may take under emulation; a connection made meanwhile waits no longer. */
const restartMs = 30_000;

/** What is known of the engine. */
export class EngineState {
  readonly #changed: () => void;
  readonly #waiting = new Set<() => void>();
  #now: State = { phase: 'absent' };

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get now(): State {
    return this.#now;
  }

  set(next: State): void {
    this.#now = next;
    if (next.phase !== 'starting') {
      for (const settle of this.#waiting) settle();
      this.#waiting.clear();
    }
    this.#changed();
  }

  /** Waits while the engine is about to be there, so that whoever connects during a restart need not know of it. */
  async settled(): Promise<void> {
    if (this.#now.phase !== 'starting') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    await Promise.race([promise, delay(restartMs, undefined, { ref: false })]);
    this.#waiting.delete(resolve);
  }
}
