import type { HostConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import { initPath } from './bundle-process.ts';
import type { BundleRequest, ResolvedMount } from './bundle-request.ts';
import type { OciMount } from './oci-config.ts';

/** Docker's default size of /dev/shm. */
const defaultShmBytes = 64 * 1024 * 1024;

/**
 * All mounts of a container in the order in which they are made: the kernel's file systems, then the container's own
 * files, then what the caller asked for, parents before children. A mount of the caller replaces a default one at
 * the same place.
 */
export function planMounts(request: BundleRequest): OciMount[] {
  const asked = [...request.mounts.map(bindMount), ...tmpfsMounts(request.hostConfig)];
  const own = ownFiles(request);
  const taken = new Set(asked.map((mount) => mount.destination));
  const kept = [...kernelMounts(request), ...own].filter((mount) => !taken.has(mount.destination));
  const depth = (mount: OciMount) => mount.destination.split('/').filter(Boolean).length;
  const kernel = kept.filter((mount) => !own.includes(mount));
  const later = [...kept.filter((mount) => own.includes(mount)), ...asked];
  return [...kernel, ...later.sort((a, b) => depth(a) - depth(b))];
}

function kernelMounts({ hostConfig, join }: BundleRequest): OciMount[] {
  const access = hostConfig.Privileged ? 'rw' : 'ro';
  const ipc = ipcMounts(hostConfig, join?.ipc);
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', access] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [access, 'nosuid', 'noexec', 'nodev'],
    },
    ...ipc,
  ];
}

/** /dev/mqueue and /dev/shm by --ipc: of one's own, the machine's, another container's, or (none) no /dev/shm. */
function ipcMounts(hostConfig: HostConfig, joinedPid: number | undefined): OciMount[] {
  // A new mqueue shows the queues of the namespace that it is mounted in, the joined one's too.
  const queue: OciMount = {
    destination: '/dev/mqueue',
    type: 'mqueue',
    source: 'mqueue',
    options: ['nosuid', 'noexec', 'nodev'],
  };
  if (hostConfig.IpcMode === 'none') return [queue];
  if (hostConfig.IpcMode === 'host' || joinedPid !== undefined) {
    const source = joinedPid === undefined ? '/dev/shm' : `/proc/${joinedPid}/root/dev/shm`;
    return [queue, { destination: '/dev/shm', type: 'bind', source, options: ['rbind', 'rprivate'] }];
  }
  const size = hostConfig.ShmSize || defaultShmBytes;
  return [
    queue,
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${size}`],
    },
  ];
}

function ownFiles({ files, hostConfig, initProgram }: BundleRequest): OciMount[] {
  const readOnly = hostConfig.ReadonlyRootfs ?? false;
  return [
    { source: files.resolvConf, destination: '/etc/resolv.conf', readOnly },
    { source: files.hostname, destination: '/etc/hostname', readOnly },
    { source: files.hosts, destination: '/etc/hosts', readOnly },
    ...(hostConfig.Init ? [{ source: initProgram, destination: initPath, readOnly: true }] : []),
  ].map(bindMount);
}

function bindMount(mount: ResolvedMount): OciMount {
  const { source, destination, readOnly, flatReadOnly, propagation, recursive } = mount;
  const access = readOnly ? (recursive === false || flatReadOnly ? 'ro' : 'rro') : 'rw';
  return {
    destination,
    type: 'bind',
    source,
    options: [recursive === false ? 'bind' : 'rbind', propagation || 'rprivate', access],
  };
}

/** --tmpfs and --mount type=tmpfs. */
function tmpfsMounts(hostConfig: HostConfig): OciMount[] {
  const plain = Object.entries(hostConfig.Tmpfs ?? {}).map(([destination, options]) =>
    tmpfsMount(destination, options.split(',').filter(Boolean)),
  );
  const mounts = (hostConfig.Mounts ?? [])
    .filter((mount) => mount.Type === 'tmpfs')
    .map((mount) =>
      tmpfsMount(mount.Target, [
        ...(mount.TmpfsOptions?.SizeBytes ? [`size=${mount.TmpfsOptions.SizeBytes}`] : []),
        ...(mount.TmpfsOptions?.Mode ? [`mode=${mount.TmpfsOptions.Mode.toString(8)}`] : []),
        ...(mount.ReadOnly ? ['ro'] : []),
        ...(mount.TmpfsOptions?.Options ?? []).map((words) => words.join('=')),
      ]),
    );
  return [...plain, ...mounts];
}

/** Flags of tmpfs that undo each other; the last one given counts. */
const opposites = [
  ['exec', 'noexec'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['rw', 'ro'],
  ['atime', 'noatime'],
  ['diratime', 'nodiratime'],
  ['async', 'sync'],
  ['relatime', 'norelatime'],
  ['strictatime', 'nostrictatime'],
];
const dataOptions = /^(size|mode|uid|gid|nr_inodes|nr_blocks|mpol)=/;

function tmpfsMount(destination: string, asked: string[]): OciMount {
  const options = new Map<string, string>();
  for (const option of ['noexec', 'nosuid', 'nodev', ...asked]) {
    const pair = opposites.find((names) => names.includes(option));
    const data = dataOptions.exec(option);
    const key = pair?.join() ?? data?.[1] ?? option;
    if (!pair && !data && !/^r?(private|shared|slave)$/.test(option)) {
      throw new BerthError('bad-parameter', `invalid tmpfs option "${option}"`, {
        parameter: 'Tmpfs',
        value: option,
      });
    }
    options.delete(key);
    options.set(key, option);
  }
  return { destination, type: 'tmpfs', source: 'tmpfs', options: [...options.values()] };
}
