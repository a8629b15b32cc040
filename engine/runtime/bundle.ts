import { planMounts } from './bundle-mounts.ts';
import { planProcess } from './bundle-process.ts';
import type { BundleRequest } from './bundle-request.ts';
import { planDevices, planResources } from './bundle-resources.ts';
import type { OciConfig, OciLinux, OciNamespace } from './oci-config.ts';
import { customSeccomp, defaultSeccomp } from './seccomp.ts';
import { parseSecurityOptions } from './security-options.ts';

/** Docker's lists (moby, daemon/pkg/oci/defaults.go). */
export const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
export const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * Makes config.json of a container from its definition, by Docker's rules. Pure: it reads nothing and changes
 * nothing. Throws BerthError (no-command, bad-parameter) for what cannot be run.
 */
export function planBundle(request: BundleRequest): OciConfig {
  const process = planProcess(request);
  return {
    ociVersion: '1.2.0',
    process,
    root: { path: 'rootfs', readonly: request.hostConfig.ReadonlyRootfs ?? false },
    ...(request.hostConfig.UTSMode === 'host' ? {} : { hostname: request.hostname }),
    mounts: planMounts(request),
    linux: planLinux(request, process.capabilities.bounding),
  };
}

function planLinux(request: BundleRequest, capabilities: string[]): OciLinux {
  const { hostConfig, host } = request;
  const privileged = hostConfig.Privileged ?? false;
  const seccomp = planSeccomp(request, capabilities);
  const propagation = rootPropagation(request);
  return {
    namespaces: planNamespaces(request),
    cgroupsPath: request.cgroup,
    sysctl: planSysctls(request),
    devices: planDevices(hostConfig, host),
    resources: planResources(hostConfig, host),
    ...(seccomp ? { seccomp } : {}),
    maskedPaths: privileged ? [] : (hostConfig.MaskedPaths ?? maskedPaths),
    readonlyPaths: privileged ? [] : (hostConfig.ReadonlyPaths ?? readonlyPaths),
    ...(propagation ? { rootfsPropagation: propagation } : {}),
  };
}

function planSeccomp({ hostConfig, host }: BundleRequest, capabilities: string[]) {
  const { seccomp } = parseSecurityOptions(hostConfig.SecurityOpt ?? []);
  if (seccomp === 'unconfined' || (hostConfig.Privileged && seccomp === undefined)) return undefined;
  const facts = { host, capabilities };
  return seccomp === undefined ? defaultSeccomp(facts) : customSeccomp(seccomp, facts);
}

function planNamespaces({ hostConfig, host, join }: BundleRequest): OciNamespace[] {
  const modes = {
    network: hostConfig.NetworkMode,
    ipc: hostConfig.IpcMode,
    pid: hostConfig.PidMode,
    uts: hostConfig.UTSMode,
    // Docker's default: a cgroup namespace where there is cgroup v2.
    cgroup: hostConfig.CgroupnsMode || (host.cgroupVersion === 2 ? 'private' : 'host'),
  };
  const joined: Record<string, number | undefined> = {
    network: join?.network,
    ipc: join?.ipc,
    pid: join?.pid,
  };
  const namespaces: OciNamespace[] = [{ type: 'mount' }];
  for (const type of ['network', 'ipc', 'pid', 'uts', 'cgroup'] as const) {
    if (modes[type] === 'host') continue;
    const pid = joined[type];
    const file = type === 'network' ? 'net' : type;
    namespaces.push(pid === undefined ? { type } : { type, path: `/proc/${pid}/ns/${file}` });
  }
  return namespaces;
}

/** In a network of its own a container may bind low ports and ping without a capability, as in Docker. */
function planSysctls({ config, hostConfig, join }: BundleRequest): Record<string, string> {
  const ownNetwork = hostConfig.NetworkMode !== 'host' && join?.network === undefined;
  return {
    ...(ownNetwork
      ? { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' }
      : {}),
    ...(config.Domainname ? { 'kernel.domainname': config.Domainname } : {}),
    ...(hostConfig.Sysctls ?? {}),
  };
}

/** A mount that shall see the machine's mounts, or show its own, needs a root that passes them on. */
function rootPropagation({ mounts }: BundleRequest): string | undefined {
  const all = mounts.map((mount) => mount.propagation ?? '');
  if (all.some((word) => word.endsWith('shared'))) return 'rshared';
  if (all.some((word) => word.endsWith('slave'))) return 'rslave';
  return undefined;
}
