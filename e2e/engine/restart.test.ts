import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';
import { killRounds } from './kill-rounds.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const state = (name: string, field: string) =>
  engine.dockerText('inspect', '-f', `{{.State.${field}}}`, name);

/** Runs a container, waits for its first output, so that it is surely under way. */
async function begin(name: string, script: string, ...options: string[]): Promise<void> {
  await engine.dockerText(
    'run',
    '-d',
    '--name',
    name,
    ...options,
    'busybox',
    'sh',
    '-c',
    `echo begun; ${script}`,
  );
  const logs = engine.spawnDocker(['logs', '-f', name]);
  await new Promise((resolve) => logs.stdout.once('data', resolve));
  logs.kill();
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('an engine ended by %s', (signal) => {
  test('leaves containers running: exec, logs and stop go on', async () => {
    await begin('stays', 'trap "echo stopped; exit 3" TERM; while true; do sleep 0.1; done');
    const pid = await state('stays', 'Pid');
    await engine.stop(signal);
    await engine.start();
    expect(await state('stays', 'Pid')).toBe(pid);
    expect(await engine.docker(['exec', 'stays', 'echo', 'here'])).toMatchObject({
      code: 0,
      stdout: 'here\n',
    });
    await engine.dockerText('stop', 'stays');
    expect(await engine.dockerText('logs', 'stays')).toBe('begun\nstopped');
    expect(await state('stays', 'ExitCode')).toBe('3');
    await engine.dockerText('rm', 'stays');
  });

  test('loses no line and no exit code of what ends while it is down', async () => {
    const go = '/gate/go';
    const gate = ['-v', 'gate:/gate'];
    const script = `until [ -e ${go} ]; do sleep 0.02; done; for i in $(seq 1000); do echo $i; done; exit 5`;
    await begin('ends', script, ...gate);
    await begin('gone', `until [ -e ${go} ]; do sleep 0.02; done`, ...gate, '--rm');
    const pids = [await state('ends', 'Pid'), await state('gone', 'Pid')];
    const volume = await engine.dockerText('volume', 'inspect', '-f', '{{.Mountpoint}}', 'gate');
    await engine.stop(signal);
    await openGate(volume, pids);
    await engine.start();
    expect(await engine.dockerText('wait', 'ends')).toBe('5');
    const lines = ['begun', ...Array.from({ length: 1000 }, (_, index) => `${index + 1}`)];
    expect(await engine.dockerText('logs', 'ends')).toBe(lines.join('\n'));
    await removed('gone');
    await engine.dockerText('rm', 'ends');
    await engine.dockerText('volume', 'rm', 'gate');
  });

  test('keeps published ports, addresses and names taken', async () => {
    await begin('web', 'while true; do echo ok | nc -l -p 80; done', '-p', '127.0.0.1::80');
    const port = await engine.dockerText('port', 'web', '80');
    const address = await engine.dockerText('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'web');
    await engine.stop(signal);
    await engine.start();
    expect(await engine.dockerText('port', 'web', '80')).toBe(port);
    const other = await engine.docker(['run', '--rm', '-p', `${port}:80`, 'busybox', 'true']);
    expect(other.stderr).toContain('port is already allocated');
    await begin('next', 'sleep 1000');
    const next = await engine.dockerText('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'next');
    expect(next).not.toBe(address);
    expect((await engine.docker(['create', '--name', 'web', 'busybox'])).stderr).toContain('already in use');
    await engine.dockerText('rm', '-f', 'web', 'next');
  });

  test('starts again what its policy wants running', async () => {
    await begin('policy', 'exec sleep 1000', '--restart', 'always');
    await begin('rests', 'exec sleep 1000', '--restart', 'unless-stopped');
    await engine.dockerText('stop', '-t', '0', 'rests');
    const pid = Number(await state('policy', 'Pid'));
    await engine.stop(signal);
    process.kill(pid, 'SIGKILL');
    await engine.start();
    const started = engine.spawnDocker([
      'events',
      '--since',
      '0',
      '--filter',
      'event=start',
      '--filter',
      'container=policy',
    ]);
    await new Promise((resolve) => started.stdout.once('data', resolve));
    started.kill();
    expect(await state('policy', 'Running')).toBe('true');
    expect(await state('rests', 'Running')).toBe('false');
    await engine.dockerText('rm', '-f', 'policy', 'rests');
  });
});

/** Lets containers go on, and waits until their processes are gone. */
async function openGate(volume: string, pids: string[]): Promise<void> {
  const { writeFileSync, existsSync } = await import('node:fs');
  const { setTimeout: pause } = await import('node:timers/promises');
  writeFileSync(`${volume}/go`, '');
  // No event tells a stranger's process end: look again until /proc has it no more.
  while (pids.some((pid) => existsSync(`/proc/${pid}`))) await pause(10);
}

/** Waits until a container is no more. */
async function removed(name: string): Promise<void> {
  const answer = await engine.api('POST', `/containers/${name}/wait?condition=removed`);
  expect([200, 404]).toContain(answer.status);
  expect((await engine.api('GET', `/containers/${name}/json`)).status).toBe(404);
}

test('twenty kills of engine, shim or both, at any moment, leave nothing behind and lose nothing', async () => {
  const seed = Number(process.env.BERTH_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  await killRounds(engine, { rounds: 20, seed });
}, 300_000);
