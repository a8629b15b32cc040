import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What this machine's kernel can hold a container to. Read once at the engine's start. */
export interface HostLimits {
  memory: boolean;
  swap: boolean;
  swappiness: boolean;
  oomKillDisable: boolean;
  cpuShares: boolean;
  cpuQuota: boolean;
  cpuRealtime: boolean;
  /** CPUs and memory nodes that a container can be given, as in `0-3`; undefined without the controller. */
  cpus: string | undefined;
  memoryNodes: string | undefined;
  pids: boolean;
  blockWeight: boolean;
  blockThrottle: boolean;
  apparmor: boolean;
}

const root = '/sys/fs/cgroup';

export function readHostLimits(cgroupVersion: 1 | 2): HostLimits {
  const apparmor = readText('/sys/module/apparmor/parameters/enabled')?.startsWith('Y') ?? false;
  return { ...(cgroupVersion === 2 ? readV2() : readV1()), apparmor };
}

function readV1(): Omit<HostLimits, 'apparmor'> {
  const has = (controller: string, file: string) => existsSync(join(root, controller, file));
  return {
    memory: has('memory', 'memory.limit_in_bytes'),
    swap: has('memory', 'memory.memsw.limit_in_bytes'),
    swappiness: has('memory', 'memory.swappiness'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuQuota: has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: has('cpu', 'cpu.rt_runtime_us'),
    cpus: readText(join(root, 'cpuset/cpuset.cpus')),
    memoryNodes: readText(join(root, 'cpuset/cpuset.mems')),
    // The root of this controller has no limit of its own, so no file of that name.
    pids: existsSync(join(root, 'pids/cgroup.procs')),
    blockWeight: has('blkio', 'blkio.weight'),
    blockThrottle: has('blkio', 'blkio.throttle.read_bps_device'),
  };
}

function readV2(): Omit<HostLimits, 'apparmor'> {
  const controllers = (readText(join(root, 'cgroup.controllers')) ?? '').split(' ');
  const has = (controller: string) => controllers.includes(controller);
  return {
    memory: has('memory'),
    swap: has('memory') && groupsHave('memory.swap.max', existsSync('/proc/swaps')),
    // Version 2 has neither a swappiness nor an OOM killer of one group.
    swappiness: false,
    oomKillDisable: false,
    cpuShares: has('cpu'),
    cpuQuota: has('cpu'),
    cpuRealtime: false,
    cpus: has('cpuset') ? readText(join(root, 'cpuset.cpus.effective')) : undefined,
    memoryNodes: has('cpuset') ? readText(join(root, 'cpuset.mems.effective')) : undefined,
    pids: has('pids'),
    blockWeight: has('io') && groupsHave('io.weight', existsSync(join(root, 'io.cost.qos'))),
    blockThrottle: has('io'),
  };
}

/** The root group has no limits of its own: whether its children have a file is seen at one that stands already. */
function groupsHave(file: string, otherwise: boolean): boolean {
  const groups = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return groups.some(({ name }) => existsSync(join(root, name, file))) || otherwise;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
