import { expect, test } from 'vitest';
import type { HealthState } from '../api/containers.ts';
import {
  checkHealthConfig,
  nextCheckMs,
  nextHealth,
  planHealthCheck,
  startingHealth,
} from './health-check.ts';

const second = 1_000_000_000;
const plan = (Healthcheck: object, Shell?: string[]) =>
  planHealthCheck({ Healthcheck, ...(Shell ? { Shell } : {}) });

test('the two forms of a check, with Docker’s defaults', () => {
  expect(plan({ Test: ['CMD', 'true', 'x'] })).toEqual({
    command: ['true', 'x'],
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5000,
    retries: 3,
  });
  expect(plan({ Test: ['CMD-SHELL', 'exit 1'] })?.command).toEqual(['/bin/sh', '-c', 'exit 1']);
  expect(plan({ Test: ['CMD-SHELL', 'exit 1'] }, ['/bin/ash', '-ec'])?.command).toEqual([
    '/bin/ash',
    '-ec',
    'exit 1',
  ]);
});

test('none, and none any more', () => {
  expect(planHealthCheck({})).toBeUndefined();
  expect(plan({ Test: [] })).toBeUndefined();
  expect(plan({ Test: ['NONE'] })).toBeUndefined();
});

test.each([
  [{ Test: ['SHELL', 'x'] }, /Unknown healthcheck type 'SHELL'/],
  [{ Interval: 1000 }, /Interval in Healthcheck cannot be less than 1ms/],
  [{ StartInterval: -1 }, /StartInterval in Healthcheck cannot be less than 1ms/],
  [{ Retries: -1 }, /Retries in Healthcheck cannot be negative/],
])('%j is refused', (health, message) => {
  expect(() => checkHealthConfig(health)).toThrow(message);
});

const check = plan({
  Test: ['CMD', 'x'],
  Retries: 2,
  StartPeriod: 10 * second,
  StartInterval: second,
  Interval: 20 * second,
})!;
const after = (exitCodes: number[], sinceStartMs: number): HealthState =>
  exitCodes.reduce(
    (health, ExitCode) =>
      nextHealth(check, health, { result: { Start: '', End: '', ExitCode, Output: '' }, sinceStartMs }),
    startingHealth(undefined),
  );

test('failures in the start period do not count until one check has succeeded', () => {
  expect(after([1, 1, 1], 5000)).toMatchObject({ Status: 'starting', FailingStreak: 0 });
  expect(after([0, 1, 1], 5000)).toMatchObject({ Status: 'unhealthy', FailingStreak: 2 });
});

test('so many failures in a row make it unhealthy, one success healthy again', () => {
  expect(after([1], 20_000)).toMatchObject({ Status: 'starting', FailingStreak: 1 });
  expect(after([1, 1], 20_000)).toMatchObject({ Status: 'unhealthy', FailingStreak: 2 });
  expect(after([0, 1], 20_000)).toMatchObject({ Status: 'healthy', FailingStreak: 1 });
  expect(after([1, 1, 0], 20_000)).toMatchObject({ Status: 'healthy', FailingStreak: 0 });
});

test('the last five results are kept, over starts', () => {
  const health = after([1, 2, 3, 4, 5, 6], 20_000);
  expect(health.Log.map(({ ExitCode }) => ExitCode)).toEqual([2, 3, 4, 5, 6]);
  expect(startingHealth(health)).toMatchObject({ Status: 'starting', FailingStreak: 0, Log: health.Log });
});

test('checks come faster while it starts', () => {
  expect(nextCheckMs(check, startingHealth(undefined), 0)).toBe(1000);
  expect(nextCheckMs(check, startingHealth(undefined), 10_000)).toBe(20_000);
  expect(nextCheckMs(check, after([0], 0), 0)).toBe(20_000);
});
