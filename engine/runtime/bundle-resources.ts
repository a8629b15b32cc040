import type { HostConfig, Resources } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { HostDevice, HostFacts } from './bundle-request.ts';
import type { OciDevice, OciDeviceRule, OciResources, OciThrottle } from './oci-config.ts';

/** --cpus is a share of this period (moby, daemon_unix.go). */
const nanoCpuPeriodUs = 100_000;

/**
 * The limits of a container. docker update sends the same fields, so this serves both.
 * Throws bad-parameter for a device that does not exist.
 */
export function planResources(hostConfig: HostConfig, host: HostFacts): OciResources {
  const memory = planMemory(hostConfig);
  const cpu = planCpu(hostConfig);
  const blockIO = planBlockIo(hostConfig, host);
  const pids = hostConfig.PidsLimit;
  return {
    devices: planDeviceRules(hostConfig, host),
    ...(memory ? { memory } : {}),
    ...(cpu ? { cpu } : {}),
    ...(pids ? { pids: { limit: pids < 0 ? -1 : pids } } : {}),
    ...(blockIO ? { blockIO } : {}),
  };
}

/** Without a value for memory and swap together, Docker allows as much swap again as memory. */
function planMemory(resources: Resources): OciResources['memory'] {
  const limit = resources.Memory ?? 0;
  const swap = resources.MemorySwap || (limit > 0 ? 2 * limit : 0);
  return unlessEmpty({
    ...(limit > 0 ? { limit } : {}),
    ...(resources.MemoryReservation ? { reservation: resources.MemoryReservation } : {}),
    ...(swap ? { swap } : {}),
    ...(resources.MemorySwappiness != null && resources.MemorySwappiness >= 0
      ? { swappiness: resources.MemorySwappiness }
      : {}),
    ...(resources.OomKillDisable ? { disableOOMKiller: true } : {}),
  });
}

function planCpu(resources: Resources): OciResources['cpu'] {
  const nano = resources.NanoCpus ?? 0;
  const period = nano > 0 ? nanoCpuPeriodUs : resources.CpuPeriod;
  const quota = nano > 0 ? Math.floor((nano * nanoCpuPeriodUs) / 1e9) : resources.CpuQuota;
  return unlessEmpty({
    ...(resources.CpuShares ? { shares: resources.CpuShares } : {}),
    ...(period ? { period } : {}),
    ...(quota ? { quota } : {}),
    ...(resources.CpuRealtimePeriod ? { realtimePeriod: resources.CpuRealtimePeriod } : {}),
    ...(resources.CpuRealtimeRuntime ? { realtimeRuntime: resources.CpuRealtimeRuntime } : {}),
    ...(resources.CpusetCpus ? { cpus: resources.CpusetCpus } : {}),
    ...(resources.CpusetMems ? { mems: resources.CpusetMems } : {}),
  });
}

function planBlockIo(resources: Resources, host: HostFacts): OciResources['blockIO'] {
  const throttle = (devices: { Path: string; Rate: number }[] | null | undefined): OciThrottle[] =>
    (devices ?? []).map(({ Path, Rate }) => ({ ...numbersOf(findDevice(Path, host)), rate: Rate }));
  const weights = (resources.BlkioWeightDevice ?? []).map(({ Path, Weight }) => ({
    ...numbersOf(findDevice(Path, host)),
    weight: Weight,
  }));
  return unlessEmpty({
    ...(resources.BlkioWeight ? { weight: resources.BlkioWeight } : {}),
    ...(weights.length ? { weightDevice: weights } : {}),
    ...unlessNone('throttleReadBpsDevice', throttle(resources.BlkioDeviceReadBps)),
    ...unlessNone('throttleWriteBpsDevice', throttle(resources.BlkioDeviceWriteBps)),
    ...unlessNone('throttleReadIOPSDevice', throttle(resources.BlkioDeviceReadIOps)),
    ...unlessNone('throttleWriteIOPSDevice', throttle(resources.BlkioDeviceWriteIOps)),
  });
}

/** Device nodes beside the standard ones, which the runtime makes itself. */
export function planDevices(hostConfig: HostConfig, host: HostFacts): OciDevice[] {
  if (hostConfig.Privileged) return host.devices().map((device) => node(device, device.path));
  return (hostConfig.Devices ?? []).flatMap(({ PathOnHost, PathInContainer }) =>
    findDevices(PathOnHost, host).map((device) =>
      node(device, (PathInContainer || PathOnHost) + device.path.slice(PathOnHost.length)),
    ),
  );
}

/** Docker's rules (moby, daemon/pkg/oci/defaults.go): nothing but making nodes and the standard devices. */
function planDeviceRules(hostConfig: HostConfig, host: HostFacts): OciDeviceRule[] {
  if (hostConfig.Privileged) return [{ allow: true, access: 'rwm' }];
  const character = (major: number, minor?: number): OciDeviceRule => ({
    allow: true,
    type: 'c',
    major,
    ...(minor === undefined ? {} : { minor }),
    access: 'rwm',
  });
  return [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', access: 'm' },
    { allow: true, type: 'b', access: 'm' },
    ...[3, 5, 7, 8, 9].map((minor) => character(1, minor)),
    ...[0, 1, 2].map((minor) => character(5, minor)),
    character(136),
    ...(hostConfig.Devices ?? []).flatMap((request) =>
      findDevices(request.PathOnHost, host).map((device) => ({
        allow: true,
        type: device.type,
        ...numbersOf(device),
        access: request.CgroupPermissions || 'rwm',
      })),
    ),
    ...(hostConfig.DeviceCgroupRules ?? []).map(parseDeviceRule),
  ];
}

function parseDeviceRule(text: string): OciDeviceRule {
  const match = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) {
    throw new BerthError('bad-parameter', `invalid device cgroup rule format: '${text}'`, {
      parameter: 'DeviceCgroupRules',
      value: text,
    });
  }
  const [, type, major, minor, access] = match;
  return {
    allow: true,
    type: type as 'a' | 'b' | 'c',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access: access!,
  };
}

function findDevice(path: string, host: HostFacts): HostDevice {
  const device = host.devices().find((candidate) => candidate.path === path);
  if (!device) throw noDevice(path);
  return device;
}

/** A device, or all below a directory of /dev. */
function findDevices(path: string, host: HostFacts): HostDevice[] {
  const all = host.devices();
  const exact = all.filter((candidate) => candidate.path === path);
  const found = exact.length ? exact : all.filter((candidate) => candidate.path.startsWith(`${path}/`));
  if (found.length === 0) throw noDevice(path);
  return found;
}

function noDevice(path: string): BerthError {
  return new BerthError(
    'bad-parameter',
    `error gathering device information while adding custom device "${path}": no such file or directory`,
    { parameter: 'Devices', value: path },
  );
}

function node(device: HostDevice, path: string): OciDevice {
  const { type, major, minor, mode, uid, gid } = device;
  return { path, type, major, minor, fileMode: mode, uid, gid };
}

function numbersOf({ major, minor }: HostDevice): { major: number; minor: number } {
  return { major, minor };
}

function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

function unlessNone<K extends string, T>(key: K, list: T[]): { [P in K]?: T[] } {
  return (list.length > 0 ? { [key]: list } : {}) as { [P in K]?: T[] };
}
