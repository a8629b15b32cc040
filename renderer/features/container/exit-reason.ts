import type { ContainerState } from '../../../engine/api/containers.ts';

export type ExitReason =
  | 'oom'
  | 'killed'
  | 'terminated'
  | 'interrupted'
  | 'crashed'
  | 'aborted'
  | 'notExecutable'
  | 'notFound'
  | 'failed';

/** 128 + signal is what shells and Docker report for a process that a signal ended. */
const reasons: Record<number, ExitReason> = {
  126: 'notExecutable',
  127: 'notFound',
  130: 'interrupted',
  134: 'aborted',
  137: 'killed',
  139: 'crashed',
  143: 'terminated',
};

/** Why a container ended, as far as its exit code says it. */
export function exitReason(state: Pick<ContainerState, 'ExitCode' | 'OOMKilled'>): ExitReason {
  return state.OOMKilled ? 'oom' : (reasons[state.ExitCode] ?? 'failed');
}
