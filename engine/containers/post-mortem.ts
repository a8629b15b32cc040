import type { ContainerStatus } from '../api/containers.ts';
import type { PostMortem, RunEnd } from '../api/post-mortem.ts';
import type { LogReader } from '../runtime/runtime.ts';
import type { Container } from './container.ts';
import type { ContainerDefinition } from './definition.ts';
import { lastLines } from './last-lines.ts';
import { likelyCause } from './likely-cause.ts';
import type { ContainerParts } from './parts.ts';
import { readRuns, type StoredRun } from './run-end.ts';

/** What is known of a container, here or removed, that its post-mortem is made from. */
export interface Remains {
  definition: ContainerDefinition;
  state: ContainerStatus | 'removed';
  restart: { count: number; waiting: boolean };
  /** Newest first. */
  runs: StoredRun[];
  log: LogReader;
  removed?: { at: string; keptUntil: string };
}

/** Why a container's last run ended. */
export async function postMortem(parts: ContainerParts, container: Container): Promise<PostMortem> {
  await container.written();
  return await describeEnd({
    definition: container.definition,
    state: container.status,
    restart: { count: container.state.restartCount, waiting: container.cancelRestart !== undefined },
    runs: await readRuns(container.files.runs),
    log: parts.openLog(container.files.log),
  });
}

export async function describeEnd(remains: Remains): Promise<PostMortem> {
  const { definition, runs, restart } = remains;
  const [last] = runs;
  const hasLog = definition.hostConfig.LogConfig?.Type !== 'none';
  const lines = last && hasLog ? await lastLines(remains.log, last) : [];
  const policy = definition.hostConfig.RestartPolicy;
  return {
    containerId: definition.id,
    name: definition.name,
    image: definition.config.Image,
    state: remains.state,
    ...(remains.removed === undefined ? {} : { removed: remains.removed }),
    end: last === undefined ? null : shown(last),
    memory: last?.memory ?? null,
    lastLines: lines,
    health: last?.health ?? null,
    runs: runs.map(shown),
    restart: { policy: policy?.Name || 'no', maximumRetries: policy?.MaximumRetryCount ?? 0, ...restart },
    cause: last === undefined ? null : likelyCause({ run: last, lines, config: definition.config }),
  };
}

function shown(run: StoredRun): RunEnd {
  const { startedAt, finishedAt, exitCode, signal, oomKilled, error, stoppedBy, request } = run;
  return { startedAt, finishedAt, exitCode, signal, oomKilled, error, stoppedBy, request };
}
