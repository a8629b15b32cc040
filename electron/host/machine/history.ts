import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { type StageName, type StageReport, stageNames } from '../api/machine.ts';
import { writeFileAtomic } from '../atomic-file.ts';

/** Starts kept; as many as the page shows. */
const keep = 10;

const entry = z.object({
  startedAtMs: z.number(),
  durationMs: z.number(),
  accelerator: z.string(),
  ok: z.boolean(),
  stages: z.partialRecord(z.enum(stageNames), z.number()),
});
type Entry = z.infer<typeof entry>;

/** The last starts with their stages' times, newest first. A damaged file is started over: it only serves comparison. */
export class StartHistory {
  readonly #file: string;
  #entries: Entry[];

  constructor(file: string) {
    this.#file = file;
    this.#entries = existsSync(file) ? read(file) : [];
  }

  list(): Omit<Entry, 'stages'>[] {
    return this.#entries.map(({ stages: _, ...rest }) => rest);
  }

  add(start: Omit<Entry, 'stages'>, reports: StageReport[]): void {
    const stages: Entry['stages'] = {};
    for (const { name, durationMs } of reports) if (durationMs !== undefined) stages[name] = durationMs;
    this.#entries = [{ ...start, stages }, ...this.#entries].slice(0, keep);
    writeFileAtomic(this.#file, `${JSON.stringify(this.#entries)}\n`);
  }

  /** Median of each stage over the good starts. */
  usualMs(): Partial<Record<StageName, number>> {
    const good = this.#entries.filter((start) => start.ok);
    const usual: Partial<Record<StageName, number>> = {};
    for (const name of stageNames) {
      const times = good.flatMap(({ stages }) => (stages[name] === undefined ? [] : [stages[name]]));
      times.sort((a, b) => a - b);
      const median = times[Math.floor(times.length / 2)];
      if (median !== undefined) usual[name] = median;
    }
    return usual;
  }
}

function read(file: string): Entry[] {
  try {
    return z.array(entry).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}
