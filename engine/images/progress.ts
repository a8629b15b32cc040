import type { ProgressLine } from '../api/json-stream.ts';

/** Time between two lines about the same layer, as in Docker. */
const intervalMs = 100;
/** A line is only worth it after so many bytes, or 1 % of the whole where that is less (Docker's rule). */
const stepBytes = 512 * 1024;

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** 94724877 → "94.72MB": four significant digits, decimal units, as go-units' HumanSize. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const rounded = Number(value.toPrecision(4));
  return `${rounded}${units[unit]}`;
}

/** The text of a progress bar, as dockerd sends it beside the numbers. */
export function progressBar(current: number, total: number): string {
  if (total <= 0 || current > total) {
    const bar = total > 0 ? `[${'='.repeat(50)}>] ` : '';
    return `${bar}${humanSize(current).padStart(8)}`;
  }
  const filled = Math.floor(Math.floor((current / total) * 100) / 2);
  const bar = `[${'='.repeat(filled)}>${' '.repeat(50 - filled)}]`;
  return `${bar} ${humanSize(current).padStart(8)}/${humanSize(total)}`;
}

/** A line with a bar. */
export function barLine(status: string, id: string, current: number, total: number): ProgressLine {
  return { status, progressDetail: { current, total }, progress: progressBar(current, total), id };
}

/** A line of one word about a layer. */
export function wordLine(status: string, id: string): ProgressLine {
  return { status, progressDetail: {}, id };
}

/** Thins out the bars of one layer; the last one always gets through. */
export class BarMeter {
  readonly #send: (line: ProgressLine) => void;
  readonly #status: string;
  readonly #id: string;
  readonly #total: number;
  #lastBytes = 0;
  #lastMs = 0;
  constructor(options: { send: (line: ProgressLine) => void; status: string; id: string; total: number }) {
    this.#send = options.send;
    this.#status = options.status;
    this.#id = options.id;
    this.#total = options.total;
  }

  update(current: number): void {
    const step = this.#total > 0 ? Math.min(stepBytes, this.#total / 100) : stepBytes;
    const nowMs = performance.now();
    if (current - this.#lastBytes < step || nowMs - this.#lastMs < intervalMs) return;
    this.#lastBytes = current;
    this.#lastMs = nowMs;
    this.#send(barLine(this.#status, this.#id, current, this.#total));
  }

  finish(): void {
    this.#send(barLine(this.#status, this.#id, this.#total, this.#total));
  }
}
