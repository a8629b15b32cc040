import type { HostConfig } from '../api/containers.ts';
import { isErrno } from '../errors.ts';
import { planResources } from '../runtime/bundle-resources.ts';
import { cgroupDirectory, writeControl } from './cgroup-files.ts';
import type { Container } from './container.ts';
import type { ContainerParts } from './parts.ts';

interface ControlWrite {
  controller: string;
  file: string;
  value: string;
}

type Resources = ReturnType<typeof planResources>;

/** CPU weight of version 2 for shares of version 1, as the runtimes of Docker map them (2..262144 → 1..10000). */
export function cpuWeight(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262_142);
}

/** The control files of a running container's limits, version 2. Pure. */
export function limitsV2(resources: Resources): ControlWrite[] {
  const { cpu, memory, pids } = resources;
  const writes: ControlWrite[] = [];
  const add = (controller: string, file: string, value: string | number | undefined) => {
    if (value !== undefined) writes.push({ controller, file, value: String(value) });
  };
  if (memory?.limit !== undefined) {
    add('memory', 'memory.max', memory.limit);
    const swap = memory.swap === undefined ? undefined : memory.swap < 0 ? 'max' : memory.swap - memory.limit;
    add('memory', 'memory.swap.max', swap);
  }
  add('memory', 'memory.low', memory?.reservation);
  add('cpu', 'cpu.weight', cpu?.shares === undefined ? undefined : cpuWeight(cpu.shares));
  if (cpu?.quota !== undefined || cpu?.period !== undefined) {
    const quota = cpu.quota !== undefined && cpu.quota > 0 ? cpu.quota : 'max';
    add('cpu', 'cpu.max', `${quota} ${cpu.period ?? 100_000}`);
  }
  add('cpuset', 'cpuset.cpus', cpu?.cpus);
  add('cpuset', 'cpuset.mems', cpu?.mems);
  add('pids', 'pids.max', pids?.limit === undefined ? undefined : pids.limit < 0 ? 'max' : pids.limit);
  return writes;
}

/** As limitsV2, for version 1. */
export function limitsV1(resources: Resources): ControlWrite[] {
  const { cpu, memory, pids } = resources;
  const writes: ControlWrite[] = [];
  const add = (controller: string, file: string, value: string | number | undefined) => {
    if (value !== undefined) writes.push({ controller, file, value: String(value) });
  };
  add('memory', 'memory.limit_in_bytes', memory?.limit);
  add('memory', 'memory.memsw.limit_in_bytes', memory?.swap);
  add('memory', 'memory.soft_limit_in_bytes', memory?.reservation);
  add('cpu', 'cpu.shares', cpu?.shares);
  add('cpu', 'cpu.cfs_period_us', cpu?.period);
  add('cpu', 'cpu.cfs_quota_us', cpu?.quota);
  add('cpuset', 'cpuset.cpus', cpu?.cpus);
  add('cpuset', 'cpuset.mems', cpu?.mems);
  add('pids', 'pids.max', pids?.limit === undefined ? undefined : pids.limit < 0 ? 'max' : pids.limit);
  return writes;
}

/** Gives a running container new limits. */
export async function applyLimits(
  parts: ContainerParts,
  container: Container,
  hostConfig: HostConfig,
): Promise<void> {
  const resources = planResources(hostConfig, parts.host);
  const writes = parts.host.cgroupVersion === 2 ? limitsV2(resources) : limitsV1(resources);
  const refused: ControlWrite[] = [];
  for (const write of writes) {
    if (!(await tryWrite(parts, container, write))) refused.push(write);
  }
  // On version 1 memory may not exceed memory and swap together: raising both takes the other order.
  for (const write of refused) {
    const directory = cgroupDirectory(parts, container, write.controller);
    await writeControl(directory, write.file, write.value);
  }
}

async function tryWrite(parts: ContainerParts, container: Container, write: ControlWrite): Promise<boolean> {
  try {
    await writeControl(cgroupDirectory(parts, container, write.controller), write.file, write.value);
    return true;
  } catch (error) {
    // Swap is not accounted on every kernel; Docker leaves its limit out there too.
    if (isErrno(error) && error.code === 'ENOENT' && /swap|memsw/.test(write.file)) return true;
    if (isErrno(error) && error.code === 'EINVAL') return false;
    throw error;
  }
}
