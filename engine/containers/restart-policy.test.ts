import { expect, test } from 'vitest';
import { nextDelayMs, wantsRestart, wantsStartWithEngine } from './restart-policy.ts';

const ended = (Name: string, options: { exitCode?: number; tries?: number; byHand?: boolean } = {}) =>
  wantsRestart({
    hostConfig: { RestartPolicy: { Name, MaximumRetryCount: Name === 'on-failure' ? 2 : 0 } },
    exitCode: options.exitCode ?? 0,
    restartCount: options.tries ?? 0,
    stoppedByHand: options.byHand ?? false,
  });

test('who is started again after an end', () => {
  expect(ended('no', { exitCode: 1 })).toBe(false);
  expect(ended('always')).toBe(true);
  expect(ended('unless-stopped')).toBe(true);
  expect(ended('on-failure')).toBe(false);
  expect(ended('on-failure', { exitCode: 1 })).toBe(true);
  expect(ended('on-failure', { exitCode: 1, tries: 2 })).toBe(false);
});

test('what a person stopped rests', () => {
  for (const name of ['always', 'unless-stopped', 'on-failure']) {
    expect(ended(name, { exitCode: 1, byHand: true })).toBe(false);
  }
});

test('who is started with the engine', () => {
  const starts = (Name: string, stoppedByHand: boolean, phase = 'exited') =>
    wantsStartWithEngine({ hostConfig: { RestartPolicy: { Name } }, stoppedByHand, phase });
  expect(starts('always', true)).toBe(true);
  expect(starts('unless-stopped', true)).toBe(false);
  expect(starts('unless-stopped', false)).toBe(true);
  expect(starts('no', false)).toBe(false);
  expect(starts('always', false, 'created')).toBe(false);
});

test('the delay doubles up to a minute, and begins anew after a steady run', () => {
  const delays = [0];
  for (let round = 0; round < 12; round++) delays.push(nextDelayMs(delays.at(-1) ?? 0, 0));
  expect(delays.slice(1, 5)).toEqual([100, 200, 400, 800]);
  expect(delays.at(-1)).toBe(60_000);
  expect(nextDelayMs(60_000, 10_000)).toBe(100);
});
