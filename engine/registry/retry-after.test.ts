import { expect, test } from 'vitest';
import { retryAfterSeconds } from './retry-after.ts';

const seconds = (text: string | undefined) =>
  retryAfterSeconds({ headers: text === undefined ? {} : { 'retry-after': text } });

test('Retry-After is seconds or a date', () => {
  expect(seconds('30')).toBe(30);
  expect(seconds(undefined)).toBeUndefined();
  expect(seconds('soon')).toBeUndefined();
  expect(seconds(new Date(Date.now() - 60_000).toUTCString())).toBe(0);
  const ahead = seconds(new Date(Date.now() + 90_000).toUTCString()) ?? 0;
  expect(ahead).toBeGreaterThan(80);
  expect(ahead).toBeLessThan(95);
});
