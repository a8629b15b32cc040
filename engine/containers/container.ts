import { EventEmitter } from 'node:events';
import type { ContainerStatus } from '../api/containers.ts';
import type { StopRequest } from '../api/post-mortem.ts';
import { isErrno } from '../errors.ts';
import type { LogListener, LogListenOptions } from '../runtime/log-notices.ts';
import type { RunningShim } from '../runtime/runtime.ts';
import type { ContainerFiles } from '../store/files.ts';
import { writeJson } from '../store/json-file.ts';
import type { StoredState } from './container-state.ts';
import type { ContainerDefinition } from './definition.ts';

/** One run of a container: from its start to the bookkeeping of its exit. */
export interface Run {
  readonly shim: RunningShim;
  /** Settles once the exit is recorded and told; never rejects. */
  readonly finished: Promise<void>;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
}

interface ContainerSignals {
  /** A run has begun: `container.run` is set. */
  run: [];
  /** A run is recorded as ended, or a start has failed. */
  exit: [exitCode: number];
  removed: [];
}

/** A container: definition, state, and the run that is on. Its life cycle is one queue; see lifecycle.ts. */
export class Container {
  definition: ContainerDefinition;
  readonly files: ContainerFiles;
  readonly signals = new EventEmitter<ContainerSignals>().setMaxListeners(0);
  #state: StoredState;
  #run: Run | undefined;
  #stopRelay: (() => void) | undefined;
  readonly #logListeners = new Map<LogListener, boolean>();
  #last: Promise<unknown> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();
  /** What was asked before the end of the run that is on. */
  stopRequest: StopRequest | undefined;
  /** Kills for want of memory in this run that were told. */
  oomKillsTold = 0;
  removing = false;
  removed = false;
  /** Ends the back-off before a restart by policy; undefined while none is waiting. */
  cancelRestart: (() => void) | undefined;
  /** A restart by policy is being carried out: it is neither waiting nor a run yet. */
  restarting = false;
  /** Exec sessions of this run, ids in order of creation. */
  readonly execIds = new Set<string>();

  constructor(options: { definition: ContainerDefinition; state: StoredState; files: ContainerFiles }) {
    this.definition = options.definition;
    this.#state = options.state;
    this.files = options.files;
  }

  get id(): string {
    return this.definition.id;
  }
  get name(): string {
    return this.definition.name;
  }
  get state(): Readonly<StoredState> {
    return this.#state;
  }
  get run(): Run | undefined {
    return this.#run;
  }
  get terminal(): boolean {
    return this.definition.config.Tty ?? false;
  }

  get status(): ContainerStatus {
    if (this.removing) return 'removing';
    if (this.cancelRestart !== undefined) return 'restarting';
    if (this.#run !== undefined) return this.#state.paused ? 'paused' : 'running';
    if (this.restarting) return 'restarting';
    return this.#state.phase === 'created' ? 'created' : 'exited';
  }

  /** Docker's State.Running: paused and restarting containers count. */
  get running(): boolean {
    return this.#run !== undefined || this.cancelRestart !== undefined || this.restarting;
  }

  /** Runs one step of the life cycle after all earlier ones. */
  serial<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  /**
   * Changes the state; the file follows in order. Resolves when this state is written, or when a full disk has no room
   * for it: stop and removal, which make room, must go on, and the next change or start of an engine mends the file.
   */
  change(part: Partial<StoredState>): Promise<void> {
    const changed = Object.entries(part).some(
      ([key, value]) => this.#state[key as keyof StoredState] !== value,
    );
    if (!changed) return this.#writing;
    this.#state = { ...this.#state, ...part };
    const state = this.#state;
    this.#writing = this.#writing
      .catch(() => {})
      .then(() => (this.removed ? undefined : writeJson(this.files.state, state, { durable: false })))
      .catch((error: unknown) => {
        if (!isErrno(error) || error.code !== 'ENOSPC') throw error;
      });
    return this.#writing;
  }

  /** Writes something else about this container, after what is being written. Does not fail: `work` does its telling. */
  write(work: () => Promise<void>): void {
    this.#writing = this.#writing.catch(() => {}).then(() => work());
  }

  /** Resolves when what was asked to be written up to now is. */
  async written(): Promise<void> {
    await this.#writing.catch(() => {});
  }

  /** Ends the writing of state, after what is being written: the directory is about to go. */
  async endWriting(): Promise<void> {
    this.removed = true;
    await this.#writing.catch(() => {});
  }

  beginRun(run: Run): void {
    this.#run = run;
    this.oomKillsTold = 0;
    this.stopRequest = undefined;
    this.#relayLog();
    this.signals.emit('run');
  }

  endRun(): void {
    this.#stopRelay?.();
    this.#stopRelay = undefined;
    this.#run = undefined;
    this.execIds.clear();
  }

  /** Wakes at each growth of the log, over runs; returns the way to stop. */
  onLog(listener: LogListener, { foreground = false }: LogListenOptions = {}): () => void {
    this.#logListeners.set(listener, foreground);
    this.#relayLog();
    return () => {
      this.#logListeners.delete(listener);
      this.#relayLog();
    };
  }

  /** Listens to the run's shim while somebody listens here: the growth of a log that nobody reads is not told. */
  #relayLog(): void {
    const earlier = this.#stopRelay;
    const foreground = [...this.#logListeners.values()].includes(true);
    const relay = async () => {
      await Promise.allSettled([...this.#logListeners.keys()].map(async (listener) => listener()));
    };
    this.#stopRelay = this.#logListeners.size > 0 ? this.#run?.shim.onLog(relay, { foreground }) : undefined;
    // After the new one, so that there is no moment in which nobody listens.
    earlier?.();
  }

  /** Settles when the run that is on, or the next one, is over; also when a start fails or the container is removed. */
  nextEnd(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        this.signals.off('exit', settle).off('removed', settle);
        resolve();
      };
      this.signals.on('exit', settle).on('removed', settle);
      signal?.addEventListener('abort', settle, { once: true });
    });
  }

  /** The run that is on, or the next one; undefined when it will not come (start failed, removed, aborted). */
  nextRun(signal: AbortSignal): Promise<Run | undefined> {
    if (this.#run !== undefined) return Promise.resolve(this.#run);
    return new Promise((resolve) => {
      const settle = () => {
        this.signals.off('run', settle).off('exit', settle).off('removed', settle);
        resolve(this.#run);
      };
      this.signals.on('run', settle).on('exit', settle).on('removed', settle);
      signal.addEventListener('abort', settle, { once: true });
    });
  }
}
