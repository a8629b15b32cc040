import type { MachineState, Problem, StageName } from '../api/machine.ts';
import type { Link } from './link.ts';

/**
 * What differs between kinds of machine. Everything above this interface sees a `Link` and nothing else.
 *
 * Obligations of every driver, held by the contract test (machine/driver.contract.ts):
 * - `start` reports each stage that it goes through, in the order of `stageNames`, and rejects with a
 *   `MachineProblem`, never with a bare error; an aborted start leaves no process and no half-made file.
 * - `find` recognises a machine that an earlier host left running, and only its own.
 * - `exited` settles exactly once, whoever ended the machine.
 * - `stop` ends it cleanly (file systems synced) within the time given, then by force.
 */
export interface MachineDriver {
  readonly kind: MachineState['kind'];
  /** The stages that a start of this driver goes through, in order. */
  readonly stages: readonly StageName[];
  start(options: { signal: AbortSignal; report: StageReporter }): Promise<RunningMachine>;
  find(): Promise<RunningMachine | undefined>;
  /** Forgets what was found out about accelerators, so that the next start looks again. */
  recheckAccelerator?(): void;
}

export interface RunningMachine {
  /** Opens the connection; rejects with a MachineProblem. */
  connect(options: { signal: AbortSignal }): Promise<Link>;
  /** Puts the engine and its daemon.json in place and sees to it that it runs. Rejects with a MachineProblem. */
  deploy(link: Link, options: DeployOptions): Promise<DeployReport>;
  /** Ends the engine and starts what is deployed now; containers go on running. */
  restartEngine(link: Link): Promise<void>;
  /** Called when the engine is gone: starts it again where nothing inside the machine does. */
  reviveEngine?(link: Link): Promise<void>;
  /** The engine's output from an offset on, at most one MiB, with the size of the whole. */
  engineLog(link: Link, offset: number): Promise<LogPart>;
  /** What the machine itself prints, where it has such a thing. */
  readonly serialLog?: string;
  /** The engine's socket as seen inside the machine. */
  readonly engineSocket: string;
  readonly accelerator: NonNullable<MachineState['accelerator']>;
  readonly resources: NonNullable<MachineState['resources']>;
  /** Why the machine ended, once it has; undefined when it was asked to. */
  readonly exited: Promise<Problem | undefined>;
  stop(options: { timeoutMs: number }): Promise<void>;
  /** A faster way than SSH for published ports, where the driver has one. */
  readonly portForward?: PortForward;
  /** True where the machine is this desktop: published ports are there already. */
  readonly sharesDesktop?: boolean;
}

export interface DeployOptions {
  signal: AbortSignal;
  /** Contents of daemon.json. */
  daemonJson: string;
}

export interface DeployReport {
  /** Names the bundle; for development runs a word. */
  bundle: string;
  pushedBytes: number;
  /** True when an engine was started or started anew for this. */
  restarted: boolean;
}

export interface LogPart {
  sizeBytes: number;
  bytes: Buffer;
}

export interface ForwardAddress {
  protocol: 'tcp' | 'udp';
  desktopAddress: string;
  desktopPort: number;
}

export interface PortForward {
  /** Rejects with an errno error: EADDRINUSE, EACCES or another. */
  open(forward: ForwardAddress & { machinePort: number }): Promise<void>;
  close(forward: ForwardAddress): Promise<void>;
  list(): Promise<(ForwardAddress & { machinePort: number })[]>;
}

export interface StageReporter {
  begin(name: StageName, facts?: Record<string, string | number>): void;
  done(name: StageName, facts?: Record<string, string | number>): void;
  warn(name: StageName, problem: Problem, facts?: Record<string, string | number>): void;
}

/** The one error that leaves a driver. */
export class MachineProblem extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, options?: ErrorOptions) {
    super(`${problem.code}${problem.detail ? `: ${problem.detail}` : ''}`, options);
    this.name = 'MachineProblem';
    this.problem = problem;
  }
}

/** Anything thrown as a problem; what is not one becomes `internal` with its text. */
export function asProblem(error: unknown): Problem {
  if (error instanceof MachineProblem) return error.problem;
  return { code: 'internal', params: {}, detail: error instanceof Error ? error.message : String(error) };
}
