import { expect, test } from 'vitest';
import { parseDaemonConfig } from './daemon-config.ts';

test('an empty file has Docker’s defaults', () => {
  expect(parseDaemonConfig('', 'daemon.json')).toMatchObject({ debug: false, 'log-driver': 'local' });
});

test.each([
  ['{"data-rot": "/x"}', 'daemon.json: unknown key "data-rot"'],
  ['{"a": 1, "b": 2}', 'daemon.json: unknown key "a", "b"'],
  ['{"debug": "yes"}', 'daemon.json: debug: '],
  ['{"mtu": 0}', 'daemon.json: mtu: '],
  ['{', 'daemon.json is not JSON: '],
])('%s stops the start with its name', (text, message) => {
  expect(() => parseDaemonConfig(text, 'daemon.json')).toThrow(message);
});
