import { readFile } from 'node:fs/promises';
import { addon } from '../native/addon/load.ts';

/** shim.json and /proc/<pid>/stat tell the same process: a pid alone may have been given away. */
interface ShimState {
  pid: number;
  startTime: string;
}

/**
 * Settles when the shim that wrote this state file has ended; at once when there is none. For a connection that broke:
 * a shim that lives on still watches its container.
 */
export async function shimEnded(stateFile: string): Promise<void> {
  const state = await readState(stateFile);
  if (!state || (await startTime(state.pid)) !== state.startTime) return;
  let pidfd: number;
  try {
    pidfd = addon.pidfdOpen(state.pid);
  } catch {
    return;
  }
  await addon.waitPidfd(pidfd);
  addon.closeFd(pidfd);
}

async function readState(path: string): Promise<ShimState | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ShimState;
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/pid/stat; the second field may hold blanks and brackets, so it is counted behind it. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
