import { expect, test } from 'vitest';
import { withoutLevel } from './level-word.ts';

test.each([
  ['INFO listening on :3000', 'listening on :3000'],
  ['[warn] slow query', 'slow query'],
  ['error: no such file', 'no such file'],
  ['\u001b[32mINFO\u001b[0m session renewed', 'session renewed'],
  ['information is power', 'information is power'],
  ['2026-11-21 INFO started', '2026-11-21 INFO started'],
])('%s', (line, text) => {
  expect(withoutLevel(line)).toBe(text);
});
