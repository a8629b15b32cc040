import { constants } from 'node:os';
import type { HealthState } from '../api/containers.ts';
import type { MemoryAtEnd, RunEnd, StoppedBy, StopRequest } from '../api/post-mortem.ts';
import { isErrno } from '../errors.ts';
import type { ExitStatus } from '../runtime/runtime.ts';
import { readJson, writeJson } from '../store/json-file.ts';
import type { Container } from './container.ts';
import { nowText } from './container-state.ts';
import { parseSignal } from './signals.ts';

/** Runs that are remembered of each container. */
export const keptRuns = 20;

/** One ended run as runs.json keeps it: what its post-mortem needs and nobody can ask later. */
export interface StoredRun extends RunEnd {
  memory: MemoryAtEnd | null;
  refusedForks: number;
  pidsLimit: number | null;
  health: HealthState | null;
  /** Code of a start that failed, '' for a run. */
  errorCode: string;
}

/** runs.json: ended runs, newest first. */
interface StoredRuns {
  format: 1;
  runs: StoredRun[];
}

/** Signals of faults, which the kernel sends for what a program did. */
const faults = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGSYS', 'SIGTRAP']);

/** The name of a signal; `SIGRTMIN+3` for those of the C library. Null for 0. */
export function signalName(number: number): string | null {
  if (number === 0) return null;
  const named = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return named ?? (number >= 34 ? `SIGRTMIN+${number - 34}` : `signal ${number}`);
}

/** Who ended a run. Pure. */
export function stoppedBy(end: {
  status: Pick<ExitStatus, 'oomKilled' | 'lost'>;
  signal: string | null;
  request: StopRequest | null;
}): StoppedBy {
  const { status, signal, request } = end;
  if (status.lost) return 'unknown';
  // The first process need not be the one that was killed: then it ended by itself.
  if (status.oomKilled && signal === 'SIGKILL' && !request) return 'kernel';
  if (request !== null) return 'request';
  if (signal === null) return 'itself';
  return faults.has(signal) ? 'kernel' : 'outside';
}

/**
 * What was asked, where the end can be its work. A signal of `docker kill` that is not meant to end (HUP, USR1) is so only
 * when it did.
 */
function askedEnd({ stopRequest, definition }: Container, signal: string | null): StopRequest | null {
  if (stopRequest === undefined) return null;
  const stopSignal = signalName(parseSignal(definition.config.StopSignal || 'SIGTERM'));
  const ends = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', stopSignal].includes(stopRequest.signal);
  return stopRequest.action !== 'kill' || ends || stopRequest.signal === signal ? stopRequest : null;
}

/** What is remembered of a run that has ended just now. Called before the state forgets it. */
export function endOfRun(container: Container, status: ExitStatus): StoredRun {
  const { hostConfig } = container.definition;
  const signal = signalName(status.signal);
  const request = askedEnd(container, signal);
  const limitBytes = hostConfig.Memory || null;
  return {
    startedAt: container.state.startedAt,
    finishedAt: status.finishedAt,
    exitCode: status.exitCode,
    signal,
    oomKilled: status.oomKilled,
    error: '',
    errorCode: '',
    stoppedBy: stoppedBy({ status, signal, request }),
    request,
    memory:
      status.usage === undefined
        ? null
        : { peakBytes: status.usage.memoryPeak || null, limitBytes, oomKills: status.usage.oomKills },
    refusedForks: status.usage?.refusedForks ?? 0,
    pidsLimit: hostConfig.PidsLimit || null,
    health: container.state.health ?? null,
  };
}

/** What is remembered of a start that failed. */
export function endOfStart(failure: { exitCode: number; error: string; errorCode: string }): StoredRun {
  return {
    ...failure,
    startedAt: null,
    finishedAt: nowText(),
    signal: null,
    oomKilled: false,
    stoppedBy: 'engine',
    request: null,
    memory: null,
    refusedForks: 0,
    pidsLimit: null,
    health: null,
  };
}

/** Ended runs of a container, newest first. */
export async function readRuns(path: string): Promise<StoredRun[]> {
  return ((await readJson(path)) as StoredRuns | undefined)?.runs ?? [];
}

/** Adds an ended run. A full disk has no room for it, which must hold nothing up. */
export async function addRun(path: string, run: StoredRun): Promise<void> {
  const runs = [run, ...(await readRuns(path))].slice(0, keptRuns);
  const stored: StoredRuns = { format: 1, runs };
  await writeJson(path, stored, { durable: false }).catch((error: unknown) => {
    if (!isErrno(error) || error.code !== 'ENOSPC') throw error;
  });
}
