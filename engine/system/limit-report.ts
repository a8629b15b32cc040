import { statfsSync } from 'node:fs';
import type { HostLimits } from '../containers/host-limits.ts';

/** What /info says of the limits that this machine can hold, by Docker's names. */
export function limitFields(limits: HostLimits): Record<string, boolean> {
  return {
    MemoryLimit: limits.memory,
    SwapLimit: limits.swap,
    CpuCfsPeriod: limits.cpuQuota,
    CpuCfsQuota: limits.cpuQuota,
    CPUShares: limits.cpuShares,
    CPUSet: limits.cpus !== undefined,
    PidsLimit: limits.pids,
    OomKillDisable: limits.oomKillDisable,
  };
}

/** The warnings of /info, which the docker CLI prints below it. */
export function limitWarnings(limits: HostLimits, cgroupVersion: 1 | 2): string[] {
  const [weight, throttle] =
    cgroupVersion === 2 ? ['io.weight', 'io.max'] : ['blkio weight', 'blkio throttle'];
  const missing: [boolean, string][] = [
    [limits.memory, 'memory limit'],
    [limits.swap, 'swap limit'],
    [limits.cpuQuota, 'cpu cfs period'],
    [limits.cpuQuota, 'cpu cfs quota'],
    [limits.cpuShares, 'cpu shares'],
    [limits.cpus !== undefined, 'cpuset'],
    [limits.pids, 'pids limit'],
    [limits.blockWeight, weight ?? ''],
    [limits.blockThrottle, throttle ?? ''],
  ];
  return missing.filter(([supported]) => !supported).map(([, what]) => `WARNING: No ${what} support`);
}

/** Types of statfs(2), by Docker's names. */
const fileSystems: Record<number, string> = {
  61267: 'extfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
};

/** DriverStatus of /info. */
export function driverStatus(root: string, driver: string): [string, string][] {
  const backing: [string, string] = ['Backing Filesystem', fileSystems[statfsSync(root).type] ?? '<unknown>'];
  // The engine's own start has tried an overlay on it, which needs the types of directory entries.
  return driver === 'overlay2' ? [backing, ['Supports d_type', 'true']] : [backing];
}
