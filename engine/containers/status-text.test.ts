import { expect, test } from 'vitest';
import type { Container } from './container.ts';
import { initialState } from './container-state.ts';
import { durationText, statusText } from './status-text.ts';

test.each([
  [0, 'Less than a second'],
  [1, '1 second'],
  [59, '59 seconds'],
  [60, 'About a minute'],
  [119, 'About a minute'],
  [120, '2 minutes'],
  [3600, 'About an hour'],
  [5400, '2 hours'],
  [86_400, '24 hours'],
  [172_800, '2 days'],
  [1_209_600, '2 weeks'],
  [5_184_000, '2 months'],
  [62_985_600, '24 months'],
  [63_072_000, '2 years'],
  [94_608_000, '3 years'],
])('%d seconds', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

const now = Date.parse('2026-01-01T00:10:00Z');
const at = (status: string, state: Partial<ReturnType<typeof initialState>> = {}) => {
  const base = { ...initialState(), startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:05:00Z' };
  return statusText({ status, state: { ...base, ...state } } as unknown as Container, now);
};

test('every state has Docker’s sentence', () => {
  expect(at('created')).toBe('Created');
  expect(at('running')).toBe('Up 10 minutes');
  expect(at('paused')).toBe('Up 10 minutes (Paused)');
  expect(at('exited', { exitCode: 3 })).toBe('Exited (3) 5 minutes ago');
  expect(at('restarting', { exitCode: 1 })).toBe('Restarting (1) 5 minutes ago');
  expect(at('removing')).toBe('Removal In Progress');
});

test('the health stands behind it', () => {
  const health = (Status: 'starting' | 'healthy' | 'unhealthy') => ({
    health: { Status, FailingStreak: 0, Log: [] },
  });
  expect(at('running', health('starting'))).toBe('Up 10 minutes (health: starting)');
  expect(at('running', health('healthy'))).toBe('Up 10 minutes (healthy)');
  expect(at('running', health('unhealthy'))).toBe('Up 10 minutes (unhealthy)');
});
