import type { MountPlan } from '../layers/driver.ts';
import type { EngineFiles } from '../store/files.ts';
import type { DirectOutput } from './direct-output.ts';
import type { LogListener, LogListenOptions } from './log-notices.ts';

/**
 * The engine's view of its runtime: one berth-shim a container, spoken to over docs/shim-protocol.md.
 * `openRuntime` (runtime/shim-runtime.ts) implements it; `containers/` uses nothing else of the folder but
 * `bundle.ts` (the planner of config.json) and the log reader.
 */
export interface Runtime {
  /**
   * Starts a shim for a bundle whose files are written, and has it create the container: namespaces, mounts, cgroup,
   * user's process waiting before exec. Rejects with BerthError (start-failed and the like); nothing stays then.
   */
  create(options: CreateOptions): Promise<RunningShim>;
  /**
   * Connects again to the shim of an earlier engine; undefined when it is gone (then exit.json decides). `stdin`: the
   * container was created with it open. The shim may say that its container has ended meanwhile: `exited` is settled.
   */
  adopt(options: AdoptOptions): Promise<RunningShim | undefined>;
  /**
   * Ends and removes what belongs to no container that was adopted or created: shims, processes, cgroups, and places in
   * `run` that an engine and its shims left when they were killed. After everything has been adopted.
   */
  sweep(): Promise<void>;
  /** A container was asked for, and will probably be started in a moment. */
  warm(): void;
  /** Lets the shims go that wait for a container. Those that have one are not touched. */
  close(): void;
}

/** Options of `openRuntime` (runtime/shim-runtime.ts). */
export interface RuntimeOptions {
  instance: string;
  files: EngineFiles;
  /** Path of berth-shim. Default: beside the engine's bundle, else build/native/berth-shim. */
  shimPath?: string;
}

export interface AdoptOptions {
  id: string;
  stdin?: boolean;
  /** Path of its cgroup, where that is not the default: what a killed shim left there is ended. */
  cgroup?: string;
}

export interface CreateOptions {
  id: string;
  /** cgroup of the container below the root, as config.json names it. Default: `/<instance>/c/<id>`. */
  cgroup?: string;
  plan: MountPlan;
  /** Docker's fields that the shim needs beside config.json. */
  stdin: boolean;
  stdinOnce: boolean;
  terminal: boolean;
  log: {
    driver: 'local' | 'json-file' | 'none';
    /** Of one segment or file; 0: no rotation. */
    maxBytes: number;
    /** 0: as many as rotation makes. */
    maxFiles: number;
    /** `attrs` of each line of json-file. */
    attributes?: Record<string, string>;
  };
}

export interface ExitStatus {
  /** As docker shows it: the code, or 128 + signal. */
  exitCode: number;
  signal: number;
  oomKilled: boolean;
  /** RFC 3339 with nanoseconds. */
  finishedAt: string;
  /** Counters of the container's cgroup at its end; 0 where the kernel counts none, absent where nobody looked. */
  usage?: { oomKills: number; memoryPeak: number; refusedForks: number };
  /** Nobody saw the end: power cut, or the shim was killed. */
  lost?: true;
}

export interface RunningShim {
  readonly id: string;
  /** Pid of the container's first process in the engine's namespace. */
  readonly pid: number;
  /** As the shim told it when it was connected to; `created`: its process still waits before exec. */
  readonly phase: 'created' | 'running' | 'exited';
  /** Settles when the container's first process has ended; never rejects (a lost shim gives exit code 255). */
  readonly exited: Promise<ExitStatus>;
  /** Lets the process exec. Rejects with command-not-found, command-not-executable, working-directory, user-not-found. */
  start(): Promise<void>;
  /** Sends a signal to the container's first process, or to all of them. */
  signal(signal: number, options?: { all?: boolean }): Promise<void>;
  resize(size: { rows: number; columns: number }): Promise<void>;
  /** Input of the container; undefined when stdin is not open. Writes resolve when the shim took them. */
  readonly stdin: ShimInput | undefined;
  /** Wakes readers of the log: called after each append, coalesced. Returns the way to stop. */
  onLog(listener: LogListener, options?: LogListenOptions): () => void;
  /** Holds the container's output back until every holder has let go, which the function returned does. */
  hold(): () => void;
  /** Where the log driver is `none`: the output, which is nowhere else. */
  readonly output: DirectOutput | undefined;
  /** Starts another process. Rejects as `start` does. */
  exec(options: ExecOptions): Promise<ShimExec>;
  /** Execs with a log, by their ids, that an earlier engine had started. */
  readonly execs: ReadonlyMap<string, ShimExec>;
  /** Ends a container that was never started, or kills and ends one that runs. Settles when the shim is gone. */
  delete(): Promise<void>;
  /** Tells the shim that everything is read; it ends when its container has. Settles when told. */
  release(): Promise<void>;
}

export interface ShimInput {
  write(bytes: Uint8Array): Promise<void>;
  /** Half-close: the process reads end of file. */
  end(): Promise<void>;
}

export interface ExecOptions {
  execId: string;
  /** An OCI process object. */
  process: object;
  stdin: boolean;
  terminal: boolean;
  /** Nobody reads `output`: it is thrown away. */
  detached?: boolean;
  /** Its output goes to a log of its own (files.execLog), which outlives client and engine; `output` stays empty. */
  log?: { maxBytes: number; maxFiles: number };
}

export interface ShimExec {
  readonly pid: number;
  readonly exited: Promise<{ exitCode: number }>;
  readonly stdin: ShimInput | undefined;
  /** Output in order; ends after the last byte. Reading slowly holds the process back. */
  readonly output: AsyncIterable<{ stream: 'stdout' | 'stderr'; bytes: Uint8Array }>;
  /** Wakes readers of its log, and holds its output back, as a RunningShim's do; undefined without a log. */
  readonly log: Pick<RunningShim, 'onLog' | 'hold'> | undefined;
  resize(size: { rows: number; columns: number }): Promise<void>;
  signal(signal: number): Promise<void>;
}

/** One chunk of a container's log, as the reader gives it. */
export interface LogChunk {
  stream: 'stdout' | 'stderr';
  /** Nanoseconds since the epoch of the chunk's first byte. */
  timeNs: bigint;
  bytes: Uint8Array;
}

export interface LogReadOptions {
  from: 'start' | 'end' | { tailLines: number };
  follow?: {
    onLog: RunningShim['onLog'];
    ended: Promise<unknown>;
    /**
     * For a client in the foreground: called when the reader has come to be far behind the writer (64 MiB), so that the
     * writer waits; what it returns is called when the reader has caught up to half of it.
     */
    hold?: () => () => void;
  };
  signal?: AbortSignal;
}

/** `openLog(directory)` (runtime/log-reader.ts): reads a log directory with a cursor of its own. */
export interface LogReader {
  /**
   * Chunks from the place asked for. With `follow` it waits for `wake` (see RunningShim.onLog) at the end, until
   * `ended` settles and everything is read, or `signal` is aborted. `tailLines` counts lines over both streams, as docker logs --tail.
   */
  read(options: LogReadOptions): AsyncGenerator<LogChunk>;
  /** The same in the portions in which it is read, for consumers of many small chunks. No portion is empty. */
  portions(options: LogReadOptions): AsyncGenerator<LogChunk[]>;
}
