import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { type MachineState, problemActions } from '../../electron/host/api/machine.ts';
import { machineFiles } from '../../electron/host/files.ts';
import type { Link } from '../../electron/host/machine/link.ts';
import { call } from '../../electron/host/testing/host-fixture.ts';
import { connectInside, inside } from './inside.ts';
import { TestMachine } from './test-machine.ts';

/** In which a death must have been noticed. */
const noticeMs = 5000;

/** The engine is the one Node in the machine. */
const killEngine = 'kill -9 $(pidof node)';
const { currentBundle } = machineFiles;
const shared = inject('machine');
const machine = new TestMachine(shared);
const { docker } = machine;
let link: Link;

beforeAll(async () => {
  await machine.start();
  await docker.text('pull', '-q', `${shared.registry}/busybox:latest`);
});
beforeEach(async () => {
  await machine.start();
  link = await connectInside(machine);
});
afterEach(() => link.close());

const isWell = ({ phase, engine }: MachineState) => phase === 'running' && engine.phase === 'running';

/** Does the deed and gives the first state that tells of it; rejects when none came in time. */
async function noticed(deed: () => unknown, wanted: (state: MachineState) => boolean): Promise<MachineState> {
  const told = machine.until(wanted);
  // Its failure is told by the race below; before that, the deed's own may end the test.
  told.catch(() => undefined);
  await deed();
  const late = AbortSignal.timeout(noticeMs);
  return await Promise.race([
    told,
    new Promise<never>((_resolve, reject) => {
      late.addEventListener('abort', () => reject(new Error(`not noticed in ${noticeMs} ms`)));
    }),
  ]);
}

test('a killed engine is told with its last words, and restarts; its containers go on', async () => {
  const image = `${shared.registry}/busybox:latest`;
  const script = 'while sleep 0.1; do echo tick; done';
  const id = await docker.text('run', '-d', image, 'sh', '-c', script);
  const { sinceMs } = await machine.state();
  const state = await noticed(
    () => inside(link, killEngine),
    ({ problem }) => problem?.code === 'engine-exited',
  );
  expect(state).toMatchObject({ phase: 'degraded', engine: { phase: 'lost' } });
  expect(state.problem?.detail).toContain('listens on');
  expect(problemActions['engine-exited']).toContain('restart-engine');
  await machine.host.restartEngine();
  const well = await machine.until(isWell);
  expect(well.sinceMs).toBeGreaterThan(sinceMs);
  expect(machine.serialLog()).toContain('@engine killed 9');
  expect(await docker.text('inspect', '--format', '{{.State.Running}}', id)).toBe('true');
  expect(await docker.text('exec', id, 'echo', 'still here')).toBe('still here');
  await docker.text('rm', '-f', id);
});

test('a container that ends while the engine is down loses no line and no exit code', async () => {
  const image = `${shared.registry}/busybox:latest`;
  const word = randomBytes(8).toString('hex');
  const script = `until [ -e /x/go ]; do sleep 0.05; done; echo w${word}; exit 9`;
  const id = await docker.text('run', '-d', '-v', 'gate:/x', image, 'sh', '-c', script);
  // Without its bundle init does not start the engine again.
  await noticed(
    () => inside(link, `mv ${currentBundle} ${currentBundle}.aside; ${killEngine}`),
    ({ problem }) => problem?.code === 'engine-exited',
  );
  await inside(link, 'touch /var/lib/berth/default/volumes/gate/_data/go');
  await inside(link, `while grep -qs '[w]${word}' /proc/[0-9]*/cmdline; do sleep 0.05; done`);
  await inside(link, `mv ${currentBundle}.aside ${currentBundle}`);
  await machine.host.restartEngine();
  await machine.until(isWell);
  expect(await docker.text('wait', id)).toBe('9');
  expect(await docker.text('logs', id)).toBe(`w${word}`);
  await docker.text('rm', '-v', id);
  await docker.text('volume', 'rm', 'gate');
});

test('a killed sshd is told as a lost connection, and the host connects again by itself', async () => {
  const qemu = machine.qemuPid();
  const state = await noticed(
    () => link.exec('kill -9 $(pidof sshd sshd-session)').catch(() => undefined),
    ({ problem }) => problem?.code === 'ssh-lost',
  );
  expect(state).toMatchObject({ phase: 'degraded', engine: { phase: 'lost' } });
  expect(problemActions['ssh-lost']).toContain('reconnect');
  await machine.host.reconnectMachine();
  await machine.until(isWell);
  expect(machine.qemuPid()).toBe(qemu);
  expect(await docker.text('version', '--format', '{{.Server.Platform.Name}}')).toBe('Berth');
});

test('a frozen machine is told as a lost connection, and is there again once it goes on', async () => {
  const qemu = machine.qemuPid();
  const told = machine.until(({ problem }) => problem?.code === 'ssh-lost');
  process.kill(qemu, 'SIGSTOP');
  try {
    expect(await told).toMatchObject({ phase: 'degraded', engine: { phase: 'lost' } });
  } finally {
    process.kill(qemu, 'SIGCONT');
  }
  await machine.until(isWell);
  expect(machine.qemuPid()).toBe(qemu);
});

test('a killed host leaves the machine running, and the next one finds it with its ports and pages', async () => {
  const image = `${shared.registry}/busybox:latest`;
  const page = 'echo page > /index.html && exec httpd -f -p 80 -h /';
  const id = await docker.text('run', '-d', '-p', '80', image, 'sh', '-c', page);
  const published = ({ forwards }: MachineState) => forwards.some(({ containerId }) => containerId === id);
  await machine.until(published);
  const { port, secret } = await openSession(machine);
  const qemu = machine.qemuPid();

  const host = machine.hostPid();
  process.kill(host, 'SIGKILL');
  await expect
    .poll(() => machine.berth(['status']))
    .toMatchObject({ code: 0, stdout: expect.stringContaining('not running') });
  await machine.start();
  expect(machine.hostPid()).not.toBe(host);
  expect(machine.qemuPid()).toBe(qemu);
  const { stages, forwards } = await machine.until(published);
  expect(stages.map(({ name }) => name)).toEqual(['ssh', 'deploy', 'engine', 'forward']);
  expect(forwards).toMatchObject([{ state: 'open', containerId: id }]);
  // The page that was open goes on: the same address, the same secret.
  const headers = { authorization: `Bearer ${secret}` };
  expect((await call({ port, path: '/api/state', headers })).status).toBe(200);
  expect(await docker.text('ps', '-q', '--no-trunc')).toBe(id);
  await docker.text('rm', '-f', id);
  await machine.until((state) => !published(state));
});

async function openSession(of: TestMachine): Promise<{ port: number; secret: string }> {
  const { port, token } = await of.page();
  const { body } = await call({ port, method: 'POST', path: '/api/session' }, { token });
  return { port, secret: (JSON.parse(body) as { secret: string }).secret };
}
