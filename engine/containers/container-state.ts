import type { HealthState } from '../api/containers.ts';
import type { Endpoint } from '../network/network.ts';

/**
 * state.json: what the engine knows about a container's runs. Written at each change of state, not fsynced; the shim
 * and exit.json correct it when an engine starts again.
 */
export interface StoredState {
  phase: 'created' | 'starting' | 'running' | 'exited';
  paused: boolean;
  /** RFC 3339 with nanoseconds, `neverTime` before. */
  startedAt: string;
  finishedAt: string;
  exitCode: number;
  oomKilled: boolean;
  /** Docker's text of a failed start. */
  error: string;
  restartCount: number;
  /** Stopped by a person: `unless-stopped` and `always` rest until asked again. */
  stoppedByHand: boolean;
  /** Pid of the run, in the engine's namespace; 0 without one. */
  pid: number;
  /** What the networks gave for this run, by network name. */
  endpoints: Record<string, Endpoint>;
  health?: HealthState | undefined;
}

/** Docker's zero time. */
export const neverTime = '0001-01-01T00:00:00Z';

export function initialState(): StoredState {
  return {
    phase: 'created',
    paused: false,
    startedAt: neverTime,
    finishedAt: neverTime,
    exitCode: 0,
    oomKilled: false,
    error: '',
    restartCount: 0,
    stoppedByHand: false,
    pid: 0,
    endpoints: {},
  };
}

/** Now, RFC 3339 in UTC; the wall clock gives milliseconds, the rest is zeros that Go would leave out too. */
export function nowText(): string {
  return new Date().toISOString();
}
