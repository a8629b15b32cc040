import { readFileSync, statSync } from 'node:fs';
import { beforeAll, expect, inject, test } from 'vitest';
import { stageNames } from '../../electron/host/api/machine.ts';
import { TestMachine } from './test-machine.ts';

const machine = new TestMachine(inject('machine'));
beforeAll(async () => {
  await machine.start();
  // After a reconnection the stages are those of the connection alone.
  const { stages } = await machine.state();
  if (stages[0]?.name === 'computer') return;
  await machine.berth(['stop']);
  await machine.start();
});

test('a start goes through every stage and ends in a running engine', async () => {
  const { stages, phase, engine, history } = await machine.state();
  expect(phase).toBe('running');
  expect(engine).toMatchObject({ phase: 'running', socket: machine.files.dockerSocket });
  expect(stages.map(({ name }) => name)).toEqual(stageNames);
  for (const { name, state, durationMs } of stages) {
    expect(`${name} ${state}`).toMatch(/ (done|warning)$/);
    expect(durationMs).toBeGreaterThanOrEqual(0);
  }
  expect(history[0]).toMatchObject({ ok: true });
});

test('the machine’s own stages are among the facts of the boot', async () => {
  const { stages } = await machine.state();
  const boot = stages.find(({ name }) => name === 'boot');
  expect(boot?.facts).toMatchObject({ init: expect.any(Number), data: expect.any(Number) });
  expect(machine.serialLog()).toMatch(/^@stage sshd [\d.]+/m);
});

test('an accelerator that is not used has its reason', async () => {
  const { accelerator, stages } = await machine.state();
  const stage = stages.find(({ name }) => name === 'accelerator');
  if (accelerator?.name === 'tcg') {
    expect(accelerator.reason?.code).toMatch(/^accelerator-(hangs|missing|denied)$/);
    expect(stage).toMatchObject({ state: 'warning', problem: { code: accelerator.reason?.code } });
  } else {
    expect(accelerator?.reason).toBeUndefined();
    expect(stage?.state).toBe('done');
  }
});

test('a start of a running machine changes nothing', async () => {
  const { sinceMs } = await machine.state();
  await machine.start();
  expect((await machine.state()).sinceMs).toBe(sinceMs);
});

test('berth status says what runs, berth logs what the machine and the engine print', async () => {
  const status = await machine.berth(['status']);
  expect(status.stdout).toContain(`machine   ${machine.place.instance} (qemu): running`);
  expect(status.stdout).toContain(`socket    unix://${machine.files.dockerSocket}`);
  expect((await machine.berth(['logs', 'engine'])).stdout).toContain('listens on');
  expect((await machine.berth(['logs', 'serial'])).stdout).toContain('@stage network');
});

test('berth open prints the address where there is no display', async () => {
  const { stdout, code } = await machine.berth(['open']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}/);
});

test('docker version answers on the desktop’s socket, which is its owner’s alone', async () => {
  expect(await machine.docker.text('version', '--format', '{{.Server.Platform.Name}}')).toBe('Berth');
  expect(statSync(machine.files.dockerSocket).mode & 0o777).toBe(0o600);
  expect(statSync(machine.files.machine.clientKey).mode & 0o777).toBe(0o600);
});

test('no secret stands on a command line', () => {
  const words = readFileSync(`/proc/${machine.qemuPid()}/cmdline`, 'utf8');
  const key = readFileSync(machine.files.machine.hostKey, 'utf8').split('\n')[1] ?? '';
  expect(key.length).toBeGreaterThan(40);
  expect(words).not.toContain(key);
  expect(words).toContain('opt/berth/ssh_host_ed25519_key');
});
