import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { problemActions } from '../../electron/host/api/machine.ts';
import { identifyProcess } from '../../electron/host/process-identity.ts';
import { TestMachine } from './test-machine.ts';

const shared = inject('machine');
const machine = new TestMachine(shared);
const { docker } = machine;
const image = `${shared.registry}/busybox:latest`;

beforeAll(async () => {
  await machine.start();
  await docker.text('pull', '-q', image);
});
afterAll(() => machine.start());

test('a power cut is told, and loses no image, no definition and no synced data', async () => {
  const word = randomBytes(8).toString('hex');
  const volume = `cut-${word}`;
  const write = `echo ${word} > /x/file && sync && echo synced && exec sleep 1000`;
  const id = await docker.text('run', '-d', '-v', `${volume}:/x`, image, 'sh', '-c', write);
  await expect.poll(() => docker.text('logs', id)).toBe('synced');
  const made = await docker.text('create', '-e', 'KEY=value', image, 'true');

  const told = machine.until(({ phase }) => phase === 'failed');
  process.kill(machine.qemuPid(), 'SIGKILL');
  const { problem, engine } = await told;
  expect(problem).toMatchObject({ code: 'qemu-exited' });
  expect(problemActions['qemu-exited']).toContain('start');
  expect(engine.phase).toBe('absent');
  expect((await machine.berth(['status'])).stdout).toContain('qemu-exited');

  await machine.host.startMachine();
  await machine.until(({ phase }) => phase === 'running');
  expect(await docker.text('images', '-q', image)).not.toBe('');
  const state = '{{.State.Status}} {{.Config.Env}}';
  expect(await docker.text('inspect', '--format', state, made)).toContain('created [KEY=value');
  expect(await docker.text('inspect', '--format', '{{.State.Running}}', id)).toBe('false');
  expect(await docker.text('run', '--rm', '-v', `${volume}:/x`, image, 'cat', '/x/file')).toBe(word);
  await docker.text('start', id);
  expect(await docker.text('exec', id, 'cat', '/x/file')).toBe(word);
  await docker.text('rm', '-fv', id, made);
  await docker.text('volume', 'rm', volume);
});

test('a stop is clean: containers get their signal, everything is written, nothing is left', async () => {
  const trap = 'trap "echo told; exit 7" TERM; echo up; while :; do sleep 0.1; done';
  const id = await docker.text('run', '-d', image, 'sh', '-c', trap);
  await expect.poll(() => docker.text('logs', id)).toBe('up');
  const qemu = machine.qemuPid();
  const stopped = await machine.berth(['stop']);
  expect(stopped).toMatchObject({ code: 0, stdout: 'The machine has stopped.\n' });
  expect(machine.serialLog()).toMatch(/^@stage off [\d.]+/m);
  // What is left of it may still wait to be reaped.
  expect(identifyProcess(qemu)).toBeUndefined();
  for (const file of [machine.files.dockerSocket, machine.files.machine.running]) {
    expect(existsSync(file)).toBe(false);
  }
  expect(existsSync(machine.files.machine.handover)).toBe(false);
  expect((await machine.berth(['status'])).stdout).toContain('(qemu): stopped');

  // A start that is called off leaves nothing either.
  const booting = machine.until(({ stages }) =>
    stages.some(({ name, state }) => name === 'boot' && state === 'running'),
  );
  await machine.berth(['start', '--no-wait']);
  await booting;
  await machine.berth(['stop']);
  expect(await machine.state()).toMatchObject({ phase: 'stopped' });
  expect(existsSync(machine.files.machine.qmpSocket)).toBe(false);

  await machine.start();
  const exit = '{{.State.Status}} {{.State.ExitCode}}';
  expect(await docker.text('inspect', '--format', exit, id)).toBe('exited 7');
  expect(await docker.text('logs', id)).toBe('up\ntold');
  await docker.text('rm', id);
});
