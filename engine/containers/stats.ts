import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { noUsage, readUsage, type Usage } from './cgroup-usage.ts';
import type { Container } from './container.ts';
import { neverTime } from './container-state.ts';
import type { ContainerParts } from './parts.ts';

/** Docker's: one sample a second. */
const sampleIntervalMs = 1000;
/** Units of /proc/stat, fixed at 100 a second for programs. */
const nsPerTick = 10_000_000;

type CpuStats = Usage['cpu'] & { system_cpu_usage: number; online_cpus: number };

/** One answer of GET /containers/{id}/stats. */
export interface ContainerStats {
  name: string;
  id: string;
  read: string;
  preread: string;
  pids_stats: Usage['pids'];
  num_procs: 0;
  blkio_stats: Usage['blkio'];
  storage_stats: Record<string, never>;
  cpu_stats: CpuStats | Usage['cpu'];
  precpu_stats: CpuStats | Usage['cpu'];
  memory_stats: Usage['memory'];
  networks?: Record<string, Record<string, number>>;
  /** Not in Docker's answer: pressure stall information, where the kernel has it. */
  berth_pressure?: Usage['pressure'];
}

type Sample = Omit<ContainerStats, 'preread' | 'precpu_stats'>;

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
  return { ...now, preread: earlier?.read ?? neverTime, precpu_stats: earlier?.cpu_stats ?? noUsage.cpu };
}

async function sample(parts: ContainerParts, container: Container): Promise<Sample> {
  const base = {
    name: `/${container.name}`,
    id: container.id,
    read: new Date().toISOString(),
    num_procs: 0 as const,
    storage_stats: {},
    pids_stats: noUsage.pids,
    blkio_stats: noUsage.blkio,
    cpu_stats: noUsage.cpu,
    memory_stats: noUsage.memory,
  };
  const run = container.run;
  if (run === undefined) return { ...base, read: neverTime };
  const [controls, system, networks] = await Promise.all([
    readUsage(parts, container),
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
    ...(controls.pressure === undefined ? {} : { berth_pressure: controls.pressure }),
  };
}

/** CPU time of the whole machine: the sum of the first line of /proc/stat without guest time. */
async function systemCpuNs(): Promise<number> {
  const text = await readFile('/proc/stat', 'utf8');
  const fields = (text.split('\n', 1)[0] ?? '').trim().split(/\s+/).slice(1, 9);
  return fields.reduce((sum, field) => sum + Number(field), 0) * nsPerTick;
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
