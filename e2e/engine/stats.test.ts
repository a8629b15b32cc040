import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ContainerProcess } from '../../engine/api/processes.ts';
import { startEngine, type TestEngine } from './engine.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

interface Stats {
  read: string;
  preread: string;
  pids_stats: { current: number; limit?: number };
  cpu_stats: { cpu_usage: { total_usage: number }; throttling_data: Record<string, number> };
  precpu_stats: { cpu_usage: { total_usage: number }; system_cpu_usage?: number };
  memory_stats: { usage: number; limit: number; stats: Record<string, number> };
  blkio_stats: { io_service_bytes_recursive: { op: string; value: number }[] | null };
  networks?: Record<string, { rx_bytes: number; tx_bytes: number }>;
}

const root = '/sys/fs/cgroup';
const unified = existsSync(join(root, 'cgroup.controllers'));

/** A control file of a container's cgroup; version 1 has a hierarchy a controller. */
async function control(name: string, controller: string, file: string): Promise<string> {
  const id = await engine.dockerText('inspect', '-f', '{{.Id}}', name);
  const base = unified ? root : join(root, controller);
  return readFileSync(join(base, engine.instance, 'c', id, file), 'utf8').trim();
}

const stats = async (name: string) =>
  (await engine.api('GET', `/containers/${name}/stats?stream=0&one-shot=1`)).json() as Stats;

/** A container that does nothing any more, so that its counters stand still. */
async function still(name: string, script: string, ...options: string[]): Promise<void> {
  await started(name, script, ...options);
  await engine.dockerText('pause', name);
}

/** A container that has printed its first line. */
async function started(name: string, script: string, ...options: string[]): Promise<void> {
  await engine.dockerText('run', '-d', '--name', name, ...options, 'busybox', 'sh', '-c', script);
  const logs = engine.spawnDocker(['logs', '-f', name]);
  await new Promise((resolve) => logs.stdout.once('data', resolve));
  logs.kill();
}

test('memory, CPU and processes are what the control files say', async () => {
  const options = ['-m', '64m', '--pids-limit', '17', '--cpus', '0.2'];
  const script = 'sleep 900 & i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; sleep 1000';
  await still('used', script, ...options);
  const told = await stats('used');
  const file = unified ? 'memory.current' : 'memory.usage_in_bytes';
  expect(told.memory_stats.usage).toBe(Number(await control('used', 'memory', file)));
  expect(told.memory_stats.limit).toBe(64 * 1024 * 1024);
  const table = await control('used', 'memory', 'memory.stat');
  const inactive = unified ? 'inactive_file' : 'total_inactive_file';
  expect(told.memory_stats.stats[inactive]).toBe(
    Number(new RegExp(`^${inactive} (\\d+)$`, 'm').exec(table)?.[1]),
  );
  expect(told.pids_stats).toEqual({
    current: Number(await control('used', 'pids', 'pids.current')),
    limit: 17,
  });
  expect(told.cpu_stats.cpu_usage.total_usage).toBeGreaterThan(0);
  const throttled = Number(/^nr_throttled (\d+)$/m.exec(await control('used', 'cpu', 'cpu.stat'))?.[1]);
  expect(told.cpu_stats.throttling_data.throttled_periods).toBe(throttled);
  expect(throttled).toBeGreaterThan(0);
  // What docker stats shows is without the cache that can go.
  const shown = await engine.dockerText(
    'stats',
    '--no-stream',
    '--format',
    '{{.MemUsage}} {{.PIDs}}',
    'used',
  );
  expect(shown).toMatch(/ \/ 64MiB [23]$/);
});

test('bytes over the network and to the disk are counted', async () => {
  const script =
    'ping -c 3 -i 0.1 "$(ip route | cut -d" " -f3 | head -1)" >/dev/null; dd if=/dev/zero of=/big bs=1M count=4 conv=fsync; echo done; sleep 1000';
  await still('io', script);
  const { networks, blkio_stats: blocks } = await stats('io');
  expect(networks?.eth0?.tx_bytes).toBeGreaterThan(200);
  const written = blocks.io_service_bytes_recursive?.filter(({ op }) => op === 'write') ?? [];
  expect(written.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThanOrEqual(4 * 1024 * 1024);
  await engine.dockerText('run', '-d', '--name', 'alone', '--network', 'none', 'busybox', 'sleep', '1000');
  expect(await stats('alone')).not.toHaveProperty('networks');
});

test('two samples a second apart, the first one kept beside the second', async () => {
  await engine.dockerText('run', '-d', '--name', 'busy', 'busybox', 'sleep', '1000');
  const told = (await engine.api('GET', '/containers/busy/stats?stream=0')).json() as Stats;
  expect(Date.parse(told.read) - Date.parse(told.preread)).toBeGreaterThan(900);
  expect(told.precpu_stats.system_cpu_usage).toBeGreaterThan(0);
});

test('a container that does not run has empty stats', async () => {
  await engine.dockerText('create', '--name', 'resting', 'busybox');
  expect(await stats('resting')).toMatchObject({
    read: '0001-01-01T00:00:00Z',
    pids_stats: {},
    memory_stats: {},
  });
});

test('processes have a pid outside and one inside, and take signals', async () => {
  const script = 'sleep 901 & echo done; wait; sleep 1000';
  await started('tree', script);
  const rows = async () =>
    (await engine.api('GET', '/berth/containers/tree/processes')).json() as ContainerProcess[];
  const found = (all: ContainerProcess[], command: string) =>
    all.find((row) => row.command.startsWith(command));
  const first = await rows();
  const shell = found(first, 'sh');
  const child = found(first, 'sleep 901');
  expect(shell).toMatchObject({ innerPid: 1, uid: 0, user: 'root' });
  expect(child).toMatchObject({ parentPid: shell?.pid, namespaces: shell?.namespaces });
  expect(child?.innerPid).toBeGreaterThan(1);
  const top = await engine.dockerText('top', 'tree', '-o', 'pid,nspid,args');
  expect(top).toMatch(new RegExp(`${child?.pid}\\s+${child?.innerPid}\\s+sleep 901`));
  const signal = (pid: number | undefined) =>
    engine.api('POST', `/berth/containers/tree/processes/${pid}/signal?signal=KILL`);
  expect((await signal(child?.pid)).status).toBe(204);
  while (found(await rows(), 'sleep 901') !== undefined);
  // Not one of its own, and no process at all.
  expect((await signal(process.pid)).status).toBe(404);
  expect((await signal(4_194_304)).status).toBe(404);
});
