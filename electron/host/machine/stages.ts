import type { MachineState, Problem, StageName, StageReport } from '../api/machine.ts';
import type { StageReporter } from './driver.ts';

type Facts = Record<string, string | number>;

/** The stages of one start as they go by. Beginning a stage ends the one before it. */
export class Stages implements StageReporter {
  readonly #reports: Map<StageName, StageReport>;
  readonly #changed: () => void;

  constructor(names: readonly StageName[], usualMs: Partial<Record<StageName, number>>, changed: () => void) {
    this.#reports = new Map(
      names.map((name) => {
        const usual = usualMs[name];
        return [
          name,
          { name, state: 'waiting', facts: {}, ...(usual === undefined ? {} : { usualMs: usual }) },
        ];
      }),
    );
    this.#changed = changed;
  }

  list(): StageReport[] {
    return [...this.#reports.values()];
  }

  begin(name: StageName, facts: Facts = {}): void {
    this.#update(name, { state: 'running', startedAtMs: Date.now() }, facts);
  }

  done(name: StageName, facts: Facts = {}): void {
    this.#finish(name, 'done', facts);
  }

  warn(name: StageName, problem: Problem, facts: Facts = {}): void {
    this.#finish(name, 'warning', facts, problem);
  }

  /** The start ended in this problem: the stage under way failed; without one the first that waits. */
  fail(problem: Problem): void {
    const list = this.list();
    const stage =
      list.find((report) => report.state === 'running') ?? list.find((report) => report.state === 'waiting');
    if (stage) this.#finish(stage.name, 'failed', {}, problem);
  }

  #finish(name: StageName, state: StageReport['state'], facts: Facts, problem?: Problem): void {
    const startedAtMs = this.#reports.get(name)?.startedAtMs ?? Date.now();
    const durationMs = Date.now() - startedAtMs;
    this.#update(name, { state, startedAtMs, durationMs, ...(problem ? { problem } : {}) }, facts);
  }

  #update(name: StageName, change: Partial<StageReport>, facts: Facts): void {
    const before = this.#reports.get(name);
    if (before === undefined) return;
    this.#reports.set(name, { ...before, ...change, facts: { ...before.facts, ...facts } });
    this.#changed();
  }
}

/** The public history without the stages' times. */
export type HistoryEntry = MachineState['history'][number];
