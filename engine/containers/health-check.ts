import type { ContainerConfig, HealthConfig, HealthState } from '../api/containers.ts';
import { BerthError } from '../errors.ts';

/** Docker's defaults, and its bound of what is kept. */
const defaultIntervalMs = 30_000;
const defaultTimeoutMs = 30_000;
const defaultStartIntervalMs = 5000;
const defaultRetries = 3;
const keptResults = 5;

const nsPerMs = 1_000_000;

/** A container's health check with its defaults. */
export interface HealthCheck {
  command: string[];
  intervalMs: number;
  timeoutMs: number;
  /** Failures in so long a time after the start do not count, unless one check has succeeded before. */
  startPeriodMs: number;
  /** Between checks in the start period, until one succeeds. */
  startIntervalMs: number;
  retries: number;
}

export type HealthResult = HealthState['Log'][number];

/** The check that a config asks for; undefined for none, an image's or by `--no-healthcheck`. */
export function planHealthCheck(config: ContainerConfig): HealthCheck | undefined {
  const health = config.Healthcheck;
  const [kind, ...words] = health?.Test ?? [];
  if (!health || kind === undefined || kind === 'NONE') return undefined;
  const shell = config.Shell?.length ? config.Shell : ['/bin/sh', '-c'];
  const ms = (value: number | null | undefined, otherwise: number) => (value ? value / nsPerMs : otherwise);
  return {
    command: kind === 'CMD-SHELL' ? [...shell, words.join(' ')] : words,
    intervalMs: ms(health.Interval, defaultIntervalMs),
    timeoutMs: ms(health.Timeout, defaultTimeoutMs),
    startPeriodMs: ms(health.StartPeriod, 0),
    startIntervalMs: ms(health.StartInterval, defaultStartIntervalMs),
    retries: health.Retries || defaultRetries,
  };
}

/** Checks what a request says of health checks. Throws bad-parameter in Docker's words. */
export function checkHealthConfig(health: HealthConfig): void {
  const invalid = (message: string) => new BerthError('bad-parameter', message, { parameter: 'Healthcheck' });
  const [kind] = health.Test ?? [];
  if (kind !== undefined && !['', 'NONE', 'CMD', 'CMD-SHELL'].includes(kind)) {
    throw invalid(`Unknown healthcheck type '${kind}' (expected 'NONE', 'CMD' or 'CMD-SHELL')`);
  }
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const value = health[name] ?? 0;
    if (value !== 0 && value < nsPerMs) throw invalid(`${name} in Healthcheck cannot be less than 1ms`);
  }
  if ((health.Retries ?? 0) < 0) throw invalid('Retries in Healthcheck cannot be negative');
}

/** The state at a start: the results of earlier runs stay to be read. */
export function startingHealth(earlier: HealthState | undefined): HealthState {
  return { Status: 'starting', FailingStreak: 0, Log: earlier?.Log ?? [] };
}

/** The state after one more result. `sinceStartMs`: from the container's start to the beginning of the check. */
export function nextHealth(
  check: HealthCheck,
  earlier: HealthState,
  options: { result: HealthResult; sinceStartMs: number },
): HealthState {
  const { result, sinceStartMs } = options;
  const Log = [...earlier.Log, result].slice(-keptResults);
  if (result.ExitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log };
  if (earlier.Status === 'starting' && sinceStartMs < check.startPeriodMs) return { ...earlier, Log };
  const FailingStreak = earlier.FailingStreak + 1;
  return { Status: FailingStreak >= check.retries ? 'unhealthy' : earlier.Status, FailingStreak, Log };
}

/** How long to wait before the next check. */
export function nextCheckMs(check: HealthCheck, health: HealthState, sinceStartMs: number): number {
  const starting = health.Status === 'starting' && sinceStartMs < check.startPeriodMs;
  return starting ? check.startIntervalMs : check.intervalMs;
}
