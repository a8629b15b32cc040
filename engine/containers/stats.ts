import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { cgroupDirectory, readControl, readControlNumber, readControlTable } from './cgroup-files.ts';
import type { Container } from './container.ts';
import { neverTime } from './container-state.ts';
import type { ContainerParts } from './parts.ts';

/** Docker's: one sample a second. */
const sampleIntervalMs = 1000;
/** Units of /proc/stat, fixed at 100 a second for programs. */
const nsPerTick = 10_000_000;

interface CpuStats {
  cpu_usage: { total_usage: number; usage_in_kernelmode: number; usage_in_usermode: number };
  system_cpu_usage: number;
  online_cpus: number;
  throttling_data: { periods: number; throttled_periods: number; throttled_time: number };
}

/** One answer of GET /containers/{id}/stats. */
export interface ContainerStats {
  name: string;
  id: string;
  read: string;
  preread: string;
  pids_stats: { current?: number; limit?: number };
  num_procs: 0;
  blkio_stats: Record<string, { major: number; minor: number; op: string; value: number }[] | null>;
  storage_stats: Record<string, never>;
  cpu_stats: CpuStats | Record<string, unknown>;
  precpu_stats: CpuStats | Record<string, unknown>;
  memory_stats: { usage?: number; limit?: number; stats?: Record<string, number>; failcnt?: number };
  networks?: Record<string, Record<string, number>>;
}

type Sample = Omit<ContainerStats, 'preread' | 'precpu_stats'>;

const emptyCpu = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

/** One answer without a stream: two samples a second apart, or with `oneShot` a single one. */
export async function readStats(
  parts: ContainerParts,
  container: Container,
  options: { oneShot: boolean; signal: AbortSignal },
): Promise<ContainerStats> {
  const first = await sample(parts, container);
  if (options.oneShot || container.run === undefined) return join(undefined, first);
  await delay(sampleIntervalMs, undefined, { signal: options.signal });
  return join(first, await sample(parts, container));
}

/** A sample a second until the client leaves or the container is removed. */
export async function* statsStream(
  parts: ContainerParts,
  container: Container,
  signal: AbortSignal,
): AsyncGenerator<ContainerStats> {
  let earlier: Sample | undefined;
  while (!signal.aborted && !container.removed) {
    const now = await sample(parts, container);
    yield join(earlier, now);
    earlier = now;
    await delay(sampleIntervalMs, undefined, { signal }).catch(() => {});
  }
}

function join(earlier: Sample | undefined, now: Sample): ContainerStats {
  return { ...now, preread: earlier?.read ?? neverTime, precpu_stats: earlier?.cpu_stats ?? emptyCpu };
}

async function sample(parts: ContainerParts, container: Container): Promise<Sample> {
  const base = {
    name: `/${container.name}`,
    id: container.id,
    read: new Date().toISOString(),
    num_procs: 0 as const,
    storage_stats: {},
    pids_stats: {},
    blkio_stats: { io_service_bytes_recursive: null },
    cpu_stats: emptyCpu,
    memory_stats: {},
  };
  const run = container.run;
  if (run === undefined) return { ...base, read: neverTime };
  const read = parts.host.cgroupVersion === 2 ? readV2 : readV1;
  const [controls, system, networks] = await Promise.all([
    read(parts, container.id),
    systemCpuNs(),
    networkCounters(run.shim.pid),
  ]);
  const cpu = { ...controls.cpu, system_cpu_usage: system, online_cpus: availableParallelism() };
  const ownNetwork = !['host', 'none'].includes(container.definition.hostConfig.NetworkMode);
  return {
    ...base,
    pids_stats: controls.pids,
    blkio_stats: controls.blkio,
    cpu_stats: cpu,
    memory_stats: controls.memory,
    ...(ownNetwork ? { networks } : {}),
  };
}

interface Controls {
  cpu: Omit<CpuStats, 'system_cpu_usage' | 'online_cpus'>;
  memory: ContainerStats['memory_stats'];
  pids: ContainerStats['pids_stats'];
  blkio: ContainerStats['blkio_stats'];
}

async function readV2(parts: ContainerParts, id: string): Promise<Controls> {
  const at = cgroupDirectory(parts, id, '');
  const [cpu, usage, limit, memory, current, maximum, io] = await Promise.all([
    readControlTable(at, 'cpu.stat'),
    readControlNumber(at, 'memory.current'),
    readControlNumber(at, 'memory.max'),
    readControlTable(at, 'memory.stat'),
    readControlNumber(at, 'pids.current'),
    readControlNumber(at, 'pids.max'),
    readControl(at, 'io.stat'),
  ]);
  const ns = (name: string) => (cpu[name] ?? 0) * 1000;
  return {
    cpu: {
      cpu_usage: {
        total_usage: ns('usage_usec'),
        usage_in_kernelmode: ns('system_usec'),
        usage_in_usermode: ns('user_usec'),
      },
      throttling_data: {
        periods: cpu.nr_periods ?? 0,
        throttled_periods: cpu.nr_throttled ?? 0,
        throttled_time: ns('throttled_usec'),
      },
    },
    memory: usage === undefined ? {} : { usage, stats: memory, limit: limit ?? (await machineMemory()) },
    pids: pids(current, maximum),
    blkio: { io_service_bytes_recursive: parseIo(io ?? '') },
  };
}

async function readV1(parts: ContainerParts, id: string): Promise<Controls> {
  const at = (controller: string) => cgroupDirectory(parts, id, controller);
  const [total, ticks, throttling, usage, limit, memory, current, maximum] = await Promise.all([
    readControlNumber(at('cpuacct'), 'cpuacct.usage'),
    readControlTable(at('cpuacct'), 'cpuacct.stat'),
    readControlTable(at('cpu'), 'cpu.stat'),
    readControlNumber(at('memory'), 'memory.usage_in_bytes'),
    readControlNumber(at('memory'), 'memory.limit_in_bytes'),
    readControlTable(at('memory'), 'memory.stat'),
    readControlNumber(at('pids'), 'pids.current'),
    readControlNumber(at('pids'), 'pids.max'),
  ]);
  const machine = await machineMemory();
  return {
    cpu: {
      cpu_usage: {
        total_usage: total ?? 0,
        usage_in_kernelmode: (ticks.system ?? 0) * nsPerTick,
        usage_in_usermode: (ticks.user ?? 0) * nsPerTick,
      },
      throttling_data: {
        periods: throttling.nr_periods ?? 0,
        throttled_periods: throttling.nr_throttled ?? 0,
        throttled_time: throttling.throttled_time ?? 0,
      },
    },
    memory: usage === undefined ? {} : { usage, stats: memory, limit: Math.min(limit ?? machine, machine) },
    pids: pids(current, maximum),
    blkio: { io_service_bytes_recursive: null },
  };
}

function pids(current: number | undefined, limit: number | undefined): ContainerStats['pids_stats'] {
  return { ...(current === undefined ? {} : { current }), ...(limit === undefined ? {} : { limit }) };
}

/** `8:0 rbytes=1 wbytes=2 …` a line. */
function parseIo(text: string): { major: number; minor: number; op: string; value: number }[] | null {
  const rows = [...text.matchAll(/^(\d+):(\d+) .*?rbytes=(\d+) wbytes=(\d+)/gm)].flatMap(
    ([, major, minor, read, write]) =>
      [
        { op: 'read', value: Number(read) },
        { op: 'write', value: Number(write) },
      ].map((row) => ({ major: Number(major), minor: Number(minor), ...row })),
  );
  return rows.length > 0 ? rows : null;
}

/** CPU time of the whole machine: the sum of the first line of /proc/stat without guest time. */
async function systemCpuNs(): Promise<number> {
  const text = await readFile('/proc/stat', 'utf8');
  const fields = (text.split('\n', 1)[0] ?? '').trim().split(/\s+/).slice(1, 9);
  return fields.reduce((sum, field) => sum + Number(field), 0) * nsPerTick;
}

async function machineMemory(): Promise<number> {
  const found = /^MemTotal:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}

const networkColumns = [
  ...['rx_bytes', 'rx_packets', 'rx_errors', 'rx_dropped', '', '', '', ''],
  ...['tx_bytes', 'tx_packets', 'tx_errors', 'tx_dropped'],
];

/** Counters of a container's interfaces, as its own /proc/net/dev tells them. */
async function networkCounters(pid: number): Promise<Record<string, Record<string, number>>> {
  const text = await readFile(`/proc/${pid}/net/dev`, 'utf8').catch(() => '');
  const networks: Record<string, Record<string, number>> = {};
  for (const line of text.split('\n').slice(2)) {
    const [name = '', rest = ''] = line.split(':');
    if (name.trim() === '' || name.trim() === 'lo') continue;
    const fields = rest.trim().split(/\s+/).map(Number);
    networks[name.trim()] = Object.fromEntries(
      networkColumns.flatMap((column, index) => (column === '' ? [] : [[column, fields[index] ?? 0]])),
    );
  }
  return networks;
}

/** Pids of all processes in a container's cgroup and those below it. */
export async function containerPids(parts: ContainerParts, container: Container): Promise<number[]> {
  const collect = async (directory: string): Promise<number[]> => {
    const own = ((await readControl(directory, 'cgroup.procs')) ?? '')
      .split('\n')
      .filter(Boolean)
      .map(Number);
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const below = entries.filter((entry) => entry.isDirectory());
    const nested = await Promise.all(below.map((entry) => collect(`${directory}/${entry.name}`)));
    return [...own, ...nested.flat()];
  };
  return await collect(cgroupDirectory(parts, container.id, 'pids'));
}
