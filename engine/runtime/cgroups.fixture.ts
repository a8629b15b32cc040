import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { addon } from '../native/addon/load.ts';

const mount = '/sys/fs/cgroup';

/** The groups of an instance: one tree in each hierarchy of version 1, or the one of version 2. */
export function cgroupTrees(instance: string): string[] {
  const hierarchies = readdirSync(mount, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const places = [mount, ...hierarchies.map(({ name }) => join(mount, name))];
  return places.map((place) => join(place, instance)).filter((path) => existsSync(path));
}

/** Removes an instance's groups once the shims that were told to end have left them. */
export async function removeCgroups(instance: string): Promise<void> {
  for (const tree of cgroupTrees(instance)) await removeTree(tree);
}

async function removeTree(path: string): Promise<void> {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(path, entry.name));
  }
  const pids = readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  await Promise.all(pids.map(ended));
  rmdirSync(path);
}

async function ended(pid: number): Promise<void> {
  let pidfd: number;
  try {
    pidfd = addon.pidfdOpen(pid);
  } catch {
    return;
  }
  await addon.waitPidfd(pidfd);
  addon.closeFd(pidfd);
}
