import type { StatsSample } from '../../engine/api/stats.ts';

/** What a container used at a moment: shares, bytes, and bytes a second since the sample before. */
export interface UsagePoint {
  atMs: number;
  /** 1 is one whole processor. */
  cpuShare: number;
  /** Without what the kernel can take back at once, as docker stats shows it. */
  memoryBytes: number;
  memoryLimitBytes: number;
  processes: number;
  receivedPerSecond: number;
  sentPerSecond: number;
  readPerSecond: number;
  writtenPerSecond: number;
}

interface Counters {
  atMs: number;
  received: number;
  sent: number;
  read: number;
  written: number;
}

function counters(sample: StatsSample): Counters {
  const interfaces = Object.values(sample.networks ?? {});
  const blocks = sample.blkio_stats.io_service_bytes_recursive ?? [];
  const bytes = (op: string) =>
    blocks.filter((row) => row.op.toLowerCase() === op).reduce((sum, { value }) => sum + value, 0);
  return {
    atMs: Date.parse(sample.read),
    received: interfaces.reduce((sum, { rx_bytes = 0 }) => sum + rx_bytes, 0),
    sent: interfaces.reduce((sum, { tx_bytes = 0 }) => sum + tx_bytes, 0),
    read: bytes('read'),
    written: bytes('write'),
  };
}

function cpuShare({ cpu_stats: now, precpu_stats: before }: StatsSample): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  if (passed <= 0 || before.system_cpu_usage === undefined) return 0;
  return (Math.max(0, used) / passed) * (now.online_cpus ?? 1);
}

/** Turns samples into points, one after the other: rates need the sample before. */
export class UsageReader {
  #before: Counters | undefined;

  /** Undefined for a sample of a container that does not run. */
  point(sample: StatsSample): UsagePoint | undefined {
    const { usage, limit = 0, stats } = sample.memory_stats;
    if (usage === undefined) return undefined;
    const now = counters(sample);
    const before = this.#before ?? now;
    this.#before = now;
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
    const rate = (name: Exclude<keyof Counters, 'atMs'>) => Math.max(0, now[name] - before[name]) / seconds;
    const reclaimable = stats?.inactive_file ?? stats?.total_inactive_file ?? 0;
    return {
      atMs: now.atMs,
      cpuShare: cpuShare(sample),
      memoryBytes: Math.max(0, usage - reclaimable),
      memoryLimitBytes: limit,
      processes: sample.pids_stats.current ?? 0,
      receivedPerSecond: rate('received'),
      sentPerSecond: rate('sent'),
      readPerSecond: rate('read'),
      writtenPerSecond: rate('written'),
    };
  }
}
