import { expect, test } from 'vitest';
import type { ContainerDefinition } from './definition.ts';
import { checkLogConfig, planLog } from './log-driver.ts';

const check = (Type: string, Config: Record<string, string> = {}) =>
  checkLogConfig({ LogConfig: { Type, Config } });

function definition(Type: string, Config: Record<string, string>): ContainerDefinition {
  return {
    id: 'c'.repeat(64),
    name: 'web',
    imageId: `sha256:${'d'.repeat(64)}`,
    config: {
      Image: 'nginx:1',
      Labels: { 'com.a': '1', 'com.b': '2', other: '3' },
      Env: ['A=x=y', 'B', 'APP_C=z'],
      Cmd: ['run', 'it'],
    },
    hostConfig: { NetworkMode: 'bridge', LogConfig: { Type, Config } },
  } as unknown as ContainerDefinition;
}

test.each([
  ['local', {}],
  ['local', { 'max-size': '10m', 'max-file': '3', compress: 'true', mode: 'blocking' }],
  ['json-file', { 'max-size': '1.5g', 'max-file': '2', compress: 'true' }],
  ['json-file', { labels: 'a', 'labels-regex': '^b', env: 'c', 'env-regex': 'd', tag: '{{.Name}}' }],
  ['json-file', { mode: 'non-blocking', 'max-buffer-size': '4m' }],
  ['none', { anything: 'goes' }],
])('%s with %o is taken', (type, options) => {
  expect(() => check(type, options as Record<string, string>)).not.toThrow();
});

test.each([
  ['syslog', {}, "logger: no log driver named 'syslog' is registered"],
  ['local', { tag: 'x' }, "unknown log opt 'tag' for local log driver"],
  ['json-file', { 'max-sise': '1m' }, "unknown log opt 'max-sise' for json-file log driver"],
  ['json-file', { 'max-size': 'much' }, "invalid size: 'much'"],
  ['json-file', { 'max-file': '0' }, "max-file must be a positive number: '0'"],
  [
    'json-file',
    { compress: 'true' },
    'compress cannot be true when max-file is less than 2 or max-size is not set',
  ],
  ['json-file', { mode: 'maybe' }, 'logger: logging mode not supported: maybe'],
  [
    'local',
    { 'max-buffer-size': '1m' },
    "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
  ],
  ['json-file', { tag: '{{range .}}' }, 'log opt tag: {{range .}} is not known'],
])('%s with %o is refused: %s', (type, options, message) => {
  expect(() => check(type, options as Record<string, string>)).toThrow(message);
});

test('limits and attributes of json-file', () => {
  const options = {
    'max-size': '10k',
    'max-file': '3',
    labels: 'other,missing',
    'labels-regex': '^com\\.',
    env: 'A,B',
    tag: '{{.ImageName}}/{{.Name}}/{{ .ID }} {{.Command}}',
  };
  expect(planLog(definition('json-file', options))).toEqual({
    driver: 'json-file',
    maxBytes: 10_240,
    maxFiles: 3,
    attributes: {
      'com.a': '1',
      'com.b': '2',
      other: '3',
      A: 'x=y',
      B: '',
      tag: `nginx:1/web/${'c'.repeat(12)} run it`,
    },
  });
});

test('defaults are Docker’s', () => {
  expect(planLog(definition('local', {}))).toEqual({ driver: 'local', maxBytes: 20_971_520, maxFiles: 5 });
  expect(planLog(definition('json-file', {}))).toEqual({
    driver: 'json-file',
    maxBytes: 0,
    maxFiles: 1,
    attributes: {},
  });
  expect(planLog(definition('none', {}))).toMatchObject({ driver: 'none' });
});
