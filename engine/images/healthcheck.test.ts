import { expect, test } from 'vitest';
import { parseHealthcheck } from './healthcheck.ts';

test.each([
  ['NONE', { Test: ['NONE'] }],
  ['CMD ["curl", "-f", "x"]', { Test: ['CMD', 'curl', '-f', 'x'] }],
  ['CMD curl -f x || exit 1', { Test: ['CMD-SHELL', 'curl -f x || exit 1'] }],
  [
    '--interval=1m30s --timeout=500ms --start-period=2h --start-interval=1s --retries=4 CMD true',
    {
      Test: ['CMD-SHELL', 'true'],
      Interval: 90e9,
      Timeout: 5e8,
      StartPeriod: 7200e9,
      StartInterval: 1e9,
      Retries: 4,
    },
  ],
])('HEALTHCHECK %s', (text, expected) => {
  expect(parseHealthcheck(text)).toEqual(expected);
});

test.each([
  ['', /Unknown type ""/],
  ['CMD', /Missing command/],
  ['RUN x', /Unknown type "RUN"/],
  ['--every=1s CMD x', /Unknown flag: every/],
  ['--interval=soon CMD x', /invalid duration "soon"/],
  ['--retries=x CMD x', /whole number/],
])('HEALTHCHECK %j is refused', (text, message) => {
  expect(() => parseHealthcheck(text)).toThrow(message);
});
