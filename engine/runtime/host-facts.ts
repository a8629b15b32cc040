import { lstatSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import type { HostDevice, HostFacts } from './bundle-request.ts';

/** statfs type of cgroup2, from linux/magic.h. */
const cgroup2Magic = 0x63677270;

/** Reads what the bundle planner must know of this machine. */
export function readHostFacts(): HostFacts {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    cpus: availableParallelism(),
    cgroupVersion: statfsSync('/sys/fs/cgroup').type === cgroup2Magic ? 2 : 1,
    lastCapability: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')),
    kernel: [major, minor],
    devices: () => readDevices('/dev'),
  };
}

/** Not devices of the machine but mounts that a container gets of its own (as in Docker). */
const ownMounts = new Set(['/dev/pts', '/dev/shm', '/dev/mqueue', '/dev/fd', '/dev/console']);

function readDevices(directory: string): HostDevice[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (ownMounts.has(path)) return [];
    if (entry.isDirectory()) return readDevices(path);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    return [readDevice(path)];
  });
}

function readDevice(path: string): HostDevice {
  const stat = lstatSync(path);
  // The kernel's 64-bit dev_t as glibc encodes it (gnu_dev_major, gnu_dev_minor); below 2^32 on our machines.
  const { rdev } = stat;
  return {
    path,
    type: stat.isBlockDevice() ? 'b' : 'c',
    major: (rdev >>> 8) & 0xfff,
    minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00),
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
  };
}
