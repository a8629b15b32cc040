import type { Resources } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { HostLimits } from './host-limits.ts';

/** Docker's own floor; below it a shell does not start. */
const minimumMemoryBytes = 6 * 1024 * 1024;

const invalid = (message: string, params: Record<string, string | number> = {}) =>
  new BerthError('bad-parameter', message, params);

/** Checks limits, of create and of update, whatever the machine can do. Throws bad-parameter in Docker's words. */
export function checkResources(limits: Resources, cpus: number): void {
  checkMemory(limits);
  checkCpu(limits, cpus);
  const weight = limits.BlkioWeight ?? 0;
  if (weight !== 0 && (weight < 10 || weight > 1000)) {
    throw invalid('Range of blkio weight is from 10 to 1000', { weight });
  }
}

function checkMemory(limits: Resources): void {
  const memory = limits.Memory ?? 0;
  const swap = limits.MemorySwap ?? 0;
  const reservation = limits.MemoryReservation ?? 0;
  const swappiness = limits.MemorySwappiness ?? -1;
  if (memory !== 0 && memory < minimumMemoryBytes) throw invalid('Minimum memory limit allowed is 6MB');
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && swap > 0) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (reservation !== 0 && reservation < minimumMemoryBytes) {
    throw invalid('Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && reservation > memory) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  if (swappiness < -1 || swappiness > 100) {
    throw invalid(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`, { swappiness });
  }
}

function checkCpu(limits: Resources, cpus: number): void {
  const nano = limits.NanoCpus ?? 0;
  const period = limits.CpuPeriod ?? 0;
  const quota = limits.CpuQuota ?? 0;
  if (nano < 0 || nano > cpus * 1e9) {
    throw invalid(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`, {
      cpus,
    });
  }
  if (nano > 0 && quota > 0) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (nano > 0 && period > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (quota > 0 && quota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  const realtime = limits.CpuRealtimePeriod ?? 0;
  if (realtime > 0 && (limits.CpuRealtimeRuntime ?? 0) > realtime) {
    throw invalid('cpu real-time runtime cannot be higher than cpu real-time period');
  }
}

/** A limit that this machine cannot hold: it is left out, and the answer says so in Docker's words. */
interface Discard {
  asked: (limits: Resources) => boolean;
  supported: (host: HostLimits) => boolean;
  warning: string;
  without: Partial<Resources>;
}

const kernel = (what: string) => `Your kernel does not support ${what} or the cgroup is not mounted.`;
const some = (list: unknown[] | null | undefined) => (list?.length ?? 0) > 0;

const discards: Discard[] = [
  {
    asked: ({ Memory }) => (Memory ?? 0) > 0,
    supported: ({ memory }) => memory,
    warning: `${kernel('memory limit capabilities')} Limitation discarded.`,
    without: { Memory: 0, MemorySwap: -1 },
  },
  {
    asked: ({ Memory, MemorySwap }) => (Memory ?? 0) > 0 && (MemorySwap ?? 0) !== -1,
    supported: ({ swap }) => swap,
    warning: `${kernel('swap limit capabilities')} Memory limited without swap.`,
    without: { MemorySwap: -1 },
  },
  {
    asked: ({ MemorySwappiness }) => (MemorySwappiness ?? -1) !== -1,
    supported: ({ swappiness }) => swappiness,
    warning: `${kernel('memory swappiness capabilities')} Memory swappiness discarded.`,
    without: { MemorySwappiness: null },
  },
  {
    asked: ({ MemoryReservation }) => (MemoryReservation ?? 0) > 0,
    supported: ({ memory }) => memory,
    warning: `${kernel('memory soft limit capabilities')} Limitation discarded.`,
    without: { MemoryReservation: 0 },
  },
  {
    asked: ({ OomKillDisable }) => OomKillDisable === true,
    supported: ({ oomKillDisable }) => oomKillDisable,
    warning: 'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
    without: { OomKillDisable: null },
  },
  {
    asked: ({ PidsLimit }) => (PidsLimit ?? 0) > 0,
    supported: ({ pids }) => pids,
    warning: `${kernel('PIDs limit capabilities')} PIDs limit discarded.`,
    without: { PidsLimit: null },
  },
  {
    asked: ({ CpuShares }) => (CpuShares ?? 0) > 0,
    supported: ({ cpuShares }) => cpuShares,
    warning: `${kernel('CPU shares')} Shares discarded.`,
    without: { CpuShares: 0 },
  },
  {
    asked: ({ CpuPeriod, CpuQuota }) => (CpuPeriod ?? 0) > 0 || (CpuQuota ?? 0) !== 0,
    supported: ({ cpuQuota }) => cpuQuota,
    warning: `${kernel('CPU CFS scheduler')} CPU period/quota discarded.`,
    without: { CpuPeriod: 0, CpuQuota: 0 },
  },
  {
    asked: ({ CpusetCpus, CpusetMems }) => Boolean(CpusetCpus) || Boolean(CpusetMems),
    supported: ({ cpus }) => cpus !== undefined,
    warning: `${kernel('cpuset')} Cpuset discarded.`,
    without: { CpusetCpus: '', CpusetMems: '' },
  },
  {
    asked: ({ BlkioWeight }) => (BlkioWeight ?? 0) > 0,
    supported: ({ blockWeight }) => blockWeight,
    warning: `${kernel('Block I/O weight')} Weight discarded.`,
    without: { BlkioWeight: 0 },
  },
  {
    asked: ({ BlkioWeightDevice }) => some(BlkioWeightDevice),
    // The runtime writes no weights of single devices.
    supported: () => false,
    warning: `${kernel('Block I/O weight_device')} Weight-device discarded.`,
    without: { BlkioWeightDevice: [] },
  },
  {
    asked: ({ BlkioDeviceReadBps }) => some(BlkioDeviceReadBps),
    supported: ({ blockThrottle }) => blockThrottle,
    warning: `${kernel('BPS Block I/O read limit')} Block I/O BPS read limit discarded.`,
    without: { BlkioDeviceReadBps: [] },
  },
  {
    asked: ({ BlkioDeviceWriteBps }) => some(BlkioDeviceWriteBps),
    supported: ({ blockThrottle }) => blockThrottle,
    warning: `${kernel('BPS Block I/O write limit')} Block I/O BPS write limit discarded.`,
    without: { BlkioDeviceWriteBps: [] },
  },
  {
    asked: ({ BlkioDeviceReadIOps }) => some(BlkioDeviceReadIOps),
    supported: ({ blockThrottle }) => blockThrottle,
    warning: `${kernel('IOPS Block read limit')} Block I/O IOPS read limit discarded.`,
    without: { BlkioDeviceReadIOps: [] },
  },
  {
    asked: ({ BlkioDeviceWriteIOps }) => some(BlkioDeviceWriteIOps),
    supported: ({ blockThrottle }) => blockThrottle,
    warning: `${kernel('IOPS Block write limit')} Block I/O IOPS write limit discarded.`,
    without: { BlkioDeviceWriteIOps: [] },
  },
];

/**
 * The limits that this machine can hold, and a warning for each that it cannot. Throws bad-parameter for what must
 * not be dropped: CPUs that are not there, and limits without which the container would not be what was asked for.
 */
export function fitResources<Limits extends Resources>(
  asked: Limits,
  host: HostLimits,
): { limits: Limits; warnings: string[] } {
  if ((asked.NanoCpus ?? 0) > 0 && !host.cpuQuota) {
    throw invalid(
      'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
    );
  }
  if (((asked.CpuRealtimePeriod ?? 0) > 0 || (asked.CpuRealtimeRuntime ?? 0) > 0) && !host.cpuRealtime) {
    throw invalid('kernel does not support CPU real-time scheduler');
  }
  const warnings: string[] = [];
  let limits = asked;
  for (const { asked: isAsked, supported, warning, without } of discards) {
    if (!isAsked(limits) || supported(host)) continue;
    warnings.push(warning);
    limits = { ...limits, ...without };
  }
  checkSet('CPUs', 'cpus', { asked: limits.CpusetCpus, available: host.cpus });
  checkSet('memory nodes', 'mems', { asked: limits.CpusetMems, available: host.memoryNodes });
  if (limits.OomKillDisable && !limits.Memory) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  return { limits, warnings };
}

function checkSet(
  what: string,
  file: string,
  { asked, available }: { asked: string | null | undefined; available: string | undefined },
): void {
  if (!asked || available === undefined) return;
  const wanted = parseSet(asked);
  if (wanted === undefined) throw invalid(`Invalid value ${asked} for cpuset ${file}`, { value: asked });
  const have = new Set(parseSet(available) ?? []);
  if (wanted.every((number) => have.has(number))) return;
  throw invalid(`Requested ${what} are not available - requested ${asked}, available: ${available}`, {
    requested: asked,
    available,
  });
}

/** Largest number in a set: what a stranger writes must not make the engine count for ever. */
const maximumInSet = 8191;

/** Numbers of `0-2,5`; undefined for what is no such list. */
export function parseSet(text: string): number[] | undefined {
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const found = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    if (found === null) return undefined;
    const first = Number(found[1]);
    const last = Number(found[2] ?? found[1]);
    if (first > last || last > maximumInSet) return undefined;
    for (let number = first; number <= last; number++) numbers.push(number);
  }
  return numbers;
}
