import { expect, test } from 'vitest';
import type { CauseKind, LogLine, StopRequest } from '../api/post-mortem.ts';
import { likelyCause } from './likely-cause.ts';
import { endOfStart, type StoredRun, signalName, stoppedBy } from './run-end.ts';

const base: StoredRun = {
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:00:10Z',
  exitCode: 1,
  signal: null,
  oomKilled: false,
  error: '',
  errorCode: '',
  stoppedBy: 'itself',
  request: null,
  memory: null,
  refusedForks: 0,
  pidsLimit: null,
  health: null,
};
const request: StopRequest = {
  action: 'stop',
  at: '2026-01-01T00:00:09Z',
  signal: 'SIGTERM',
  timeoutSeconds: 10,
  timedOut: false,
  client: 'test',
};
const line = (text: string, stream: LogLine['stream'] = 'stderr'): LogLine => ({ stream, time: '', text });
const causeOf = (run: Partial<StoredRun>, lines: LogLine[] = [], config: object = {}) =>
  likelyCause({ run: { ...base, ...run }, lines, config });

test.each<[CauseKind, Partial<StoredRun>]>([
  ['lost', { stoppedBy: 'unknown', exitCode: 255 }],
  ['out-of-memory', { stoppedBy: 'kernel', oomKilled: true, signal: 'SIGKILL' }],
  // A child was killed, and its parent gave up.
  ['out-of-memory', { oomKilled: true, exitCode: 1 }],
  ['stopped', { stoppedBy: 'request', request, exitCode: 143, signal: 'SIGTERM' }],
  ['stop-timed-out', { stoppedBy: 'request', request: { ...request, timedOut: true }, signal: 'SIGKILL' }],
  ['killed-outside', { stoppedBy: 'outside', signal: 'SIGKILL', exitCode: 137 }],
  ['signalled', { stoppedBy: 'outside', signal: 'SIGHUP', exitCode: 129 }],
  ['crashed', { stoppedBy: 'outside', signal: 'SIGABRT', exitCode: 134 }],
  ['crashed', { stoppedBy: 'kernel', signal: 'SIGSEGV', exitCode: 139 }],
  ['finished', { exitCode: 0 }],
  ['error-exit', { exitCode: 3 }],
  ['process-limit', { refusedForks: 4, pidsLimit: 10 }],
])('%s: %j', (kind, run) => {
  expect(causeOf(run).kind).toBe(kind);
});

test.each<[CauseKind, string]>([
  ['address-in-use', 'Error: listen EADDRINUSE: address already in use :::80'],
  ['address-in-use', 'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)'],
  ['no-space', 'OSError: [Errno 28] No space left on device'],
  ['host-not-found', 'dial tcp: lookup db: no such host'],
  ['host-not-found', "wget: bad address 'nowhere'"],
  ['connection-refused', 'could not connect to server: Connection refused'],
  ['permission-denied', 'EACCES: permission denied, open /data/x'],
  ['file-not-found', "Error: Cannot find module '/app/index.js'"],
])('%s is read from a line: %s', (kind, text) => {
  expect(causeOf({}, [line('starting', 'stdout'), line(text)])).toEqual({
    kind,
    evidence: [
      { kind: 'log-line', line: line(text) },
      { kind: 'exit-code', exitCode: 1 },
    ],
  });
});

test('the newest line that names its trouble counts; without one, the last of standard error', () => {
  const lines = [line('Connection refused'), line('retrying'), line('no space left on device'), line('bye')];
  expect(causeOf({}, lines).kind).toBe('no-space');
  const plain = [line('oh no'), line('done', 'stdout'), line('   ')];
  expect(causeOf({}, plain).evidence).toContainEqual({ kind: 'log-line', line: line('oh no') });
});

test('what was said does not count where the program ended well', () => {
  expect(causeOf({ exitCode: 0 }, [line('Connection refused')]).kind).toBe('finished');
});

test('a bare shell without input has nothing to do', () => {
  const atOnce = { exitCode: 0, finishedAt: '2026-01-01T00:00:00.1Z' };
  expect(causeOf(atOnce, [], { Cmd: ['sh'] }).kind).toBe('nothing-to-do');
  expect(causeOf(atOnce, [], { Cmd: ['/bin/bash'], OpenStdin: true }).kind).toBe('finished');
  expect(causeOf(atOnce, [], { Cmd: ['sh', '-c', 'true'] }).kind).toBe('finished');
});

test.each<[CauseKind, string, string]>([
  ['command-not-found', 'command-not-found', 'x'],
  ['command-not-executable', 'command-not-executable', 'permission denied'],
  ['wrong-architecture', 'command-not-executable', 'exec format error'],
  ['user-not-found', 'user-not-found', 'x'],
  ['working-directory', 'working-directory', 'x'],
  ['port-in-use', 'port-in-use', 'x'],
  ['start-failed', 'internal', 'x'],
])('%s: a start that failed with %s, %s', (kind, errorCode, error) => {
  const run = endOfStart({ exitCode: 128, error, errorCode });
  expect(likelyCause({ run, lines: [], config: {} })).toEqual({
    kind,
    evidence: [{ kind: 'error', text: error }],
  });
});

test('evidence of memory', () => {
  const memory = { peakBytes: 100, limitBytes: 100, oomKills: 2 };
  expect(causeOf({ stoppedBy: 'kernel', oomKilled: true, signal: 'SIGKILL', memory }).evidence).toEqual([
    { kind: 'oom-kills', count: 2 },
    { kind: 'memory', peakBytes: 100, limitBytes: 100 },
    { kind: 'signal', signal: 'SIGKILL' },
  ]);
});

test('signals have names', () => {
  expect([0, 9, 11, 34, 37].map(signalName)).toEqual([
    null,
    'SIGKILL',
    'SIGSEGV',
    'SIGRTMIN+0',
    'SIGRTMIN+3',
  ]);
});

test('who ended a run', () => {
  const who = (status: object, signal: string | null, asked: StopRequest | null = null) =>
    stoppedBy({ status: { oomKilled: false, ...status }, signal, request: asked });
  expect(who({}, null)).toBe('itself');
  expect(who({ lost: true }, null)).toBe('unknown');
  expect(who({ oomKilled: true }, 'SIGKILL')).toBe('kernel');
  expect(who({ oomKilled: true }, null)).toBe('itself');
  expect(who({}, 'SIGKILL')).toBe('outside');
  expect(who({}, 'SIGSEGV')).toBe('kernel');
  expect(who({}, 'SIGKILL', request)).toBe('request');
});
