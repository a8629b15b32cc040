import type { LogSegments } from './log-segments.ts';
import type { LogReadOptions } from './runtime.ts';

/** Bytes of log between writer and reader at which the writer is held back: Docker's own buffer for attached clients. */
const farBehindBytes = 64 * 1024 * 1024;
/** The distance is measured at most so often: a flood tells of its growth thousands of times a second. */
const measureEveryMs = 25;

/** Holds the writer of a log back while a reader in the foreground is far behind. Without `follow.hold`: never. */
export class Brake {
  #hold: (() => () => void) | undefined;
  #release: (() => void) | undefined;
  #offset: () => number = () => 0;
  #measuredAtMs = 0;

  constructor({ follow }: LogReadOptions) {
    this.#hold = follow?.hold;
  }

  /** `offset`: bytes of the first open segment that were read. */
  follow(offset: () => number): void {
    this.#offset = offset;
  }

  async check(segments: LogSegments): Promise<void> {
    const nowMs = performance.now();
    if (!this.#hold || (nowMs - this.#measuredAtMs < measureEveryMs && !this.#release)) return;
    this.#measuredAtMs = nowMs;
    const behind = (await segments.totalBytes()) - this.#offset();
    if (behind > farBehindBytes) this.#release ??= this.#hold?.();
    else if (behind < farBehindBytes / 2) this.#letGo();
  }

  /** The reader has gone. */
  end(): void {
    this.#hold = undefined;
    this.#letGo();
  }

  #letGo(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
