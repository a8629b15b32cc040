import type { HostConfig } from '../api/containers.ts';

/** Back-off between restarts by policy: doubles from the first, and starts anew after a run of `steadyMs`. */
const firstDelayMs = 100;
const longestDelayMs = 60_000;
const steadyMs = 10_000;

/** Says whether a container that has ended is started again, by Docker's rules. */
export function wantsRestart(options: {
  hostConfig: HostConfig;
  exitCode: number;
  restartCount: number;
  stoppedByHand: boolean;
}): boolean {
  if (options.stoppedByHand) return false;
  const { Name: name = 'no', MaximumRetryCount: retries = 0 } = options.hostConfig.RestartPolicy ?? {};
  if (name === 'always' || name === 'unless-stopped') return true;
  if (name !== 'on-failure' || options.exitCode === 0) return false;
  return retries === 0 || options.restartCount < retries;
}

/** Says whether a container that is not running is started when the engine starts. */
export function wantsStartWithEngine(options: {
  hostConfig: HostConfig;
  stoppedByHand: boolean;
  phase: string;
}): boolean {
  const name = options.hostConfig.RestartPolicy?.Name ?? 'no';
  if (options.phase === 'created') return false;
  return name === 'always' || (name === 'unless-stopped' && !options.stoppedByHand);
}

/** The delay before the next restart; `previousMs` is that of the last one, 0 before the first. */
export function nextDelayMs(previousMs: number, ranForMs: number): number {
  if (previousMs === 0 || ranForMs >= steadyMs) return firstDelayMs;
  return Math.min(previousMs * 2, longestDelayMs);
}
