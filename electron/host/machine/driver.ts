import type { MachineState, Problem, StageName } from '../api/machine.ts';

/**
 * What differs between kinds of machine. Everything above this interface sees SSH and nothing else
 * (the local driver's `connect` gives the same `Link` over a unix socket).
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
  start(options: { signal: AbortSignal; report: StageReporter }): Promise<RunningMachine>;
  find(): Promise<RunningMachine | undefined>;
}

export interface RunningMachine {
  /** Where sshd listens on the desktop; undefined for the local driver. */
  readonly ssh?: { host: string; port: number; user: string; clientKey: string; hostKeyPublic: string };
  /** The engine's socket as seen inside the machine. */
  readonly engineSocket: string;
  readonly accelerator: NonNullable<MachineState['accelerator']>;
  readonly resources: NonNullable<MachineState['resources']>;
  /** Why the machine ended, once it has. */
  readonly exited: Promise<Problem | undefined>;
  stop(options: { timeoutMs: number }): Promise<void>;
  /** A faster way than SSH for published ports, where the driver has one. */
  readonly portForward?: PortForward;
}

export interface PortForward {
  open(forward: {
    protocol: 'tcp' | 'udp';
    desktopAddress: string;
    desktopPort: number;
    machinePort: number;
  }): Promise<void>;
  close(forward: { protocol: 'tcp' | 'udp'; desktopAddress: string; desktopPort: number }): Promise<void>;
  list(): Promise<
    { protocol: 'tcp' | 'udp'; desktopAddress: string; desktopPort: number; machinePort: number }[]
  >;
}

export interface StageReporter {
  begin(name: StageName, facts?: Record<string, string | number>): void;
  done(name: StageName, facts?: Record<string, string | number>): void;
  warn(name: StageName, problem: Problem, facts?: Record<string, string | number>): void;
}

/** The one error that leaves a driver. */
export class MachineProblem extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.code}${problem.detail ? `: ${problem.detail}` : ''}`);
    this.name = 'MachineProblem';
    this.problem = problem;
  }
}
