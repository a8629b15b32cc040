import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PostMortem, RemovedContainer } from '../../engine/api/post-mortem.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { followEvents } from './event-lines.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const postMortem = async (name: string) =>
  (await engine.api('GET', `/berth/containers/${name}/post-mortem`)).json() as PostMortem;
const run = (name: string, ...args: string[]) => engine.docker(['run', '--name', name, ...args]);
const shell = (name: string, script: string, ...options: string[]) =>
  run(name, ...options, 'busybox', 'sh', '-c', script);

test('out of memory: told when it happens, with count, peak and limit', async () => {
  using events = followEvents(engine, 'container=hungry');
  await shell('hungry', 'echo eating; x=a; while true; do x=$x$x; done', '-m', '16m', '--memory-swap', '16m');
  await events.action('oom');
  await events.action('die');
  expect(await engine.dockerText('inspect', '-f', '{{.State.OOMKilled}}', 'hungry')).toBe('true');
  const told = await postMortem('hungry');
  expect(told).toMatchObject({
    state: 'exited',
    end: { exitCode: 137, signal: 'SIGKILL', oomKilled: true, stoppedBy: 'kernel', request: null },
    memory: { limitBytes: 16_777_216, oomKills: 1 },
    lastLines: [{ stream: 'stdout', text: 'eating' }],
    cause: { kind: 'out-of-memory' },
  });
  expect(told.memory?.peakBytes).toBeGreaterThan(8_000_000);
  expect(told.memory?.peakBytes).toBeLessThanOrEqual(16_777_216);
});

test('a child that is killed for memory is told while its container goes on', async () => {
  using events = followEvents(engine, 'container=parent');
  const script = 'sh -c "x=a; while true; do x=\\$x\\$x; done"; echo child $?; sleep 1000';
  await engine.dockerText('run', '-d', '--name', 'parent', '-m', '16m', 'busybox', 'sh', '-c', script);
  await events.action('oom');
  const state = '{{.State.Running}} {{.State.OOMKilled}}';
  expect(await engine.dockerText('inspect', '-f', state, 'parent')).toBe('true true');
  expect((await postMortem('parent')).end).toBeNull();
});

test('who stopped it: a stop that was obeyed, one that was not, a kill, a removal', async () => {
  const polite = 'trap "exit 0" TERM; echo up; while true; do sleep 0.05; done';
  for (const [name, script] of [
    ['obeys', polite],
    ['ignores', 'trap "" TERM; echo up; while true; do sleep 0.05; done'],
    ['killed', polite],
  ] as const) {
    await engine.dockerText('run', '-d', '--name', name, 'busybox', 'sh', '-c', script);
    await firstLine(name);
  }
  await engine.dockerText('stop', '-t', '100', 'obeys');
  await engine.dockerText('stop', '-t', '0', 'ignores');
  await engine.dockerText('kill', 'killed');
  const client = expect.stringMatching(/^Docker-Client\//);
  expect(await postMortem('obeys')).toMatchObject({
    end: { exitCode: 0, signal: null, stoppedBy: 'request' },
    cause: { kind: 'stopped', evidence: [{ kind: 'request', action: 'stop', client }] },
  });
  expect(await postMortem('ignores')).toMatchObject({
    end: { signal: 'SIGKILL', request: { action: 'stop', signal: 'SIGTERM', timedOut: true, client } },
    cause: { kind: 'stop-timed-out' },
  });
  expect(await postMortem('killed')).toMatchObject({
    end: { signal: 'SIGKILL', stoppedBy: 'request', request: { action: 'kill', signal: 'SIGKILL' } },
  });
});

test('a signal from outside, and a fault of its own', async () => {
  await engine.dockerText('run', '-d', '--name', 'shot', 'busybox', 'sleep', '1000');
  process.kill(Number(await engine.dockerText('inspect', '-f', '{{.State.Pid}}', 'shot')), 'SIGKILL');
  await engine.dockerText('wait', 'shot');
  expect(await postMortem('shot')).toMatchObject({
    end: { signal: 'SIGKILL', stoppedBy: 'outside' },
    cause: { kind: 'killed-outside' },
  });
  const program = join(engine.directory, 'fault');
  writeFileSync(`${program}.c`, 'int main(void) { return *(volatile int *)0; }\n');
  expect(spawnSync('cc', ['-static', '-o', program, `${program}.c`]).status).toBe(0);
  const done = await run('faulty', '-v', `${program}:/fault:ro`, 'busybox', '/fault');
  expect(done.code).toBe(139);
  expect(await postMortem('faulty')).toMatchObject({
    end: { signal: 'SIGSEGV', stoppedBy: 'kernel' },
    cause: { kind: 'crashed' },
  });
});

test('what it said last names the cause', async () => {
  await shell('taken', 'echo starting; echo "bind: Address already in use" >&2; exit 3');
  const told = await postMortem('taken');
  expect(told.lastLines.map(({ stream, text }) => `${stream} ${text}`)).toEqual([
    'stdout starting',
    'stderr bind: Address already in use',
  ]);
  expect(told.cause).toMatchObject({
    kind: 'address-in-use',
    evidence: [{ kind: 'log-line' }, { exitCode: 3 }],
  });
  await shell('crowded', 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done', '--pids-limit', '4');
  expect((await postMortem('crowded')).cause).toMatchObject({
    kind: 'process-limit',
    evidence: [{ kind: 'process-limit', limit: 4 }, { kind: 'exit-code' }],
  });
});

test('a start that failed', async () => {
  await run('absent', 'busybox', 'no-such');
  expect(await postMortem('absent')).toMatchObject({
    end: { startedAt: null, exitCode: 127, stoppedBy: 'engine', error: expect.stringContaining('no-such') },
    cause: { kind: 'command-not-found' },
  });
});

test('the restart history, each run with its own end, and the lines of the last one', async () => {
  await shell('again', 'echo run; exit 7', '-d', '--restart', 'on-failure:2');
  using events = followEvents(engine, 'container=again', 'event=die');
  for (let end = 0; end < 3; end++) await events.action('die');
  await engine.dockerText('wait', 'again');
  const told = await postMortem('again');
  expect(told.runs.map(({ exitCode }) => exitCode)).toEqual([7, 7, 7]);
  expect(told.restart).toEqual({ policy: 'on-failure', maximumRetries: 2, count: 2, waiting: false });
  expect(told.lastLines.map(({ text }) => text)).toEqual(['run']);
  const [newest, , oldest] = told.runs;
  expect(Date.parse(newest?.finishedAt ?? '')).toBeGreaterThan(Date.parse(oldest?.finishedAt ?? ''));
});

test('the last health output', async () => {
  using events = followEvents(engine, 'container=ill', 'event=health_status');
  const check = ['--health-cmd', 'echo unwell; exit 1', '--health-interval', '50ms', '--health-retries', '1'];
  await engine.dockerText('run', '-d', '--name', 'ill', ...check, 'busybox', 'sleep', '1000');
  await events.action('health_status: unhealthy');
  await engine.dockerText('kill', 'ill');
  const { health, cause } = await postMortem('ill');
  expect(health?.Log.at(-1)).toMatchObject({ ExitCode: 1, Output: 'unwell\n' });
  expect(cause?.evidence.at(-1)).toMatchObject({ kind: 'health' });
});

test('it outlives the container and the engine, with the log', async () => {
  const { containerId } = await postMortem('taken');
  await engine.dockerText('rm', 'taken');
  await engine.stop();
  await engine.start();
  const told = await postMortem(containerId);
  expect(told).toMatchObject({ name: 'taken', state: 'removed', cause: { kind: 'address-in-use' } });
  expect(told.lastLines).toHaveLength(2);
  expect(Date.parse(told.removed?.keptUntil ?? '')).toBeGreaterThan(Date.now());
  const kept = (await engine.api('GET', '/berth/removed')).json() as RemovedContainer[];
  expect(kept).toContainEqual(expect.objectContaining({ containerId, name: 'taken', exitCode: 3 }));
  const log = await engine.api('GET', `/berth/removed/${containerId}/log`);
  expect(log.text).toContain('bind: Address already in use');
  const gone = await engine.api('GET', '/berth/containers/never-was/post-mortem');
  expect(gone.status).toBe(404);
});

test('an engine that was not there tells an end that it did not see', async () => {
  await engine.dockerText('run', '-d', '--name', 'unseen', 'busybox', 'sleep', '1000');
  const id = await engine.dockerText('inspect', '-f', '{{.Id}}', 'unseen');
  await engine.stop('SIGKILL');
  const shim = JSON.parse(readFileSync(join(engine.run, 'c', id, 'shim.json'), 'utf8')) as { pid: number };
  process.kill(shim.pid, 'SIGKILL');
  await engine.start();
  expect(await postMortem('unseen')).toMatchObject({
    end: { exitCode: 255, stoppedBy: 'unknown' },
    memory: null,
    cause: { kind: 'lost' },
  });
});

async function firstLine(name: string): Promise<void> {
  const logs = engine.spawnDocker(['logs', '-f', name]);
  await new Promise((resolve) => logs.stdout.once('data', resolve));
  logs.kill();
}
