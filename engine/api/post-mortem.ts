import type { ContainerStatus, HealthState } from './containers.ts';

/**
 * GET /berth/containers/{id}/post-mortem: why a container's last run ended, and what speaks for it. Answered for a
 * running container too (about the run before), and for a removed one by its full id or its last name, as long as it
 * is kept. Everything is data: the app makes its words from kinds and figures.
 *
 * Fails with container-not-found (404) for what is not there and not kept.
 */
export interface PostMortem {
  containerId: string;
  name: string;
  /** The name that the container was made with, as in Config.Image. */
  image: string;
  state: ContainerStatus | 'removed';
  /** Only of a removed container: RFC 3339. The log and this answer are kept until `keptUntil`. */
  removed?: { at: string; keptUntil: string };
  /** The last run that ended, or start that failed; null before there was one. */
  end: RunEnd | null;
  /** Null where the end left no figures (it never started, or nobody saw it end). */
  memory: MemoryAtEnd | null;
  /** The last lines of the run's output, oldest first, at most 20. */
  lastLines: LogLine[];
  /** State of the health checks when the run ended, their last results oldest first; null without checks. */
  health: HealthState | null;
  /** Ended runs, newest first, at most 20; the first is `end`. */
  runs: RunEnd[];
  /** Docker's restart policy, and how far it has got. */
  restart: { policy: string; maximumRetries: number; count: number; waiting: boolean };
  /** Null as long as `end` is. */
  cause: Cause | null;
}

export interface RunEnd {
  /** RFC 3339; null for a start that failed. */
  startedAt: string | null;
  finishedAt: string;
  /** As Docker shows it: 128 + signal where one ended it, 127, 126 or 128 for a start that failed, 255 unknown. */
  exitCode: number;
  /** Of the signal that ended the first process, such as `SIGKILL`; null where it ended by itself. */
  signal: string | null;
  oomKilled: boolean;
  /** Docker's text of a start that failed; else ''. */
  error: string;
  stoppedBy: StoppedBy;
  /** What was asked of the engine before the end; null where nobody asked. */
  request: StopRequest | null;
}

/**
 * `itself`: the process ended; `request`: stop, restart, kill or remove was asked for; `kernel`: out of memory, or a
 * fault such as SIGSEGV; `outside`: a signal that did not come by the engine; `engine`: the start failed;
 * `unknown`: nobody saw the end (power cut, monitor killed).
 */
export type StoppedBy = 'itself' | 'request' | 'kernel' | 'outside' | 'engine' | 'unknown';

export interface StopRequest {
  action: 'stop' | 'restart' | 'kill' | 'remove';
  at: string;
  /** The signal sent first, by name. */
  signal: string;
  /** Seconds given before SIGKILL; null where none was to follow. */
  timeoutSeconds: number | null;
  /** True when the time was over and SIGKILL was sent. */
  timedOut: boolean;
  /** User-Agent of the client that asked, such as `Docker-Client/28.2.2 (linux)`; '' where it sent none. */
  client: string;
}

export interface MemoryAtEnd {
  /** Highest use of the run, as far as the kernel tells; null on kernels before 5.19 with cgroup version 2. */
  peakBytes: number | null;
  /** Null without a limit. */
  limitBytes: number | null;
  /** Processes of the container that the kernel killed for memory during the run. */
  oomKills: number;
}

export interface LogLine {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  time: string;
  text: string;
}

/** One row of GET /berth/removed, newest first. GET /berth/removed/{id}/log gives its log, as a multiplexed stream. */
export interface RemovedContainer {
  containerId: string;
  name: string;
  image: string;
  at: string;
  keptUntil: string;
  exitCode: number | null;
}

/** The likeliest reason, and what it was read from. */
export interface Cause {
  kind: CauseKind;
  evidence: Evidence[];
}

export type CauseKind =
  | 'finished' // exit code 0
  | 'nothing-to-do' // a shell without terminal and input ended at once
  | 'stopped' // by request, and it obeyed
  | 'stop-timed-out' // by request, and it had to be killed
  | 'out-of-memory' // its own limit
  | 'killed-outside' // SIGKILL by nobody known: the machine out of memory, or a person in it
  | 'signalled' // another signal from outside
  | 'crashed' // SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE …
  | 'command-not-found'
  | 'command-not-executable'
  | 'wrong-architecture' // exec format error
  | 'user-not-found'
  | 'working-directory'
  | 'port-in-use' // of the machine: the start failed
  | 'start-failed' // for another reason; Docker's text tells
  | 'address-in-use' // said in the log: the port inside is taken
  | 'permission-denied' // said in the log
  | 'no-space' // said in the log
  | 'host-not-found' // said in the log: a name did not resolve
  | 'connection-refused' // said in the log: what it depends on is not there
  | 'file-not-found' // said in the log
  | 'process-limit' // it could make no more processes
  | 'error-exit' // another exit code than 0, and nothing more is known
  | 'lost'; // nobody saw the end

export type Evidence =
  | { kind: 'exit-code'; exitCode: number }
  | { kind: 'signal'; signal: string }
  | { kind: 'oom-kills'; count: number }
  | { kind: 'memory'; peakBytes: number; limitBytes: number | null }
  | { kind: 'request'; action: StopRequest['action']; at: string; client: string }
  | { kind: 'stop-timeout'; timeoutSeconds: number }
  | { kind: 'ran-for'; milliseconds: number }
  | { kind: 'error'; text: string }
  | { kind: 'log-line'; line: LogLine }
  | { kind: 'process-limit'; refusedForks: number; limit: number | null }
  | { kind: 'health'; failingStreak: number };
