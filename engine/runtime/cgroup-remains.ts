import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { addon } from '../native/addon/load.ts';

const mount = '/sys/fs/cgroup';
const sigkill = 9;

/** The directories of a cgroup: one in each hierarchy of version 1, or the one of version 2. */
export function groupDirectories(path: string): string[] {
  const hierarchies = readdirSync(mount, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const places = [mount, ...hierarchies.map(({ name }) => join(mount, name))];
  return places.map((place) => join(place, path)).filter((directory) => existsSync(directory));
}

/**
 * Removes a cgroup with all below it, once who is in it has ended; with `kill` they are made to. What a shim does for
 * its container, for one whose shim was killed.
 */
export async function removeGroup(path: string, { kill }: { kill: boolean }): Promise<void> {
  const directories = groupDirectories(path);
  for (const directory of directories) thaw(directory);
  for (const directory of directories) await removeTree(directory, kill);
}

/** A frozen process of version 1 does not even die. */
function thaw(directory: string): void {
  const file = join(directory, 'freezer.state');
  if (existsSync(file)) writeFileSync(file, 'THAWED');
}

async function removeTree(directory: string, kill: boolean): Promise<void> {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) await removeTree(join(directory, entry.name), kill);
    }
    // Until a reading finds nobody: one that forks meanwhile is found by the next.
    for (let pids = processes(directory); pids.length > 0; pids = processes(directory)) {
      await Promise.all(pids.map((pid) => ended(pid, kill)));
    }
    rmdirSync(directory);
  } catch (error) {
    // The shim that made it was faster.
    if (!isErrno(error) || error.code !== 'ENOENT') throw error;
  }
}

function processes(directory: string): number[] {
  return readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

async function ended(pid: number, kill: boolean): Promise<void> {
  let pidfd: number;
  try {
    pidfd = addon.pidfdOpen(pid);
  } catch {
    return;
  }
  try {
    if (kill) addon.pidfdSendSignal(pidfd, sigkill);
    await addon.waitPidfd(pidfd);
  } catch {
    // ESRCH: it has ended.
  } finally {
    addon.closeFd(pidfd);
  }
}
