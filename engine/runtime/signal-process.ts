import { addon } from '../native/addon/load.ts';

/**
 * Sends a signal to a process that is held first and then asked about, so that a pid that is given away meanwhile never
 * gets it. False when it has ended or is not the wanted one.
 */
export async function signalProcess(
  pid: number,
  options: { signal: number; isWanted: () => Promise<boolean> },
): Promise<boolean> {
  let pidfd: number;
  try {
    pidfd = addon.pidfdOpen(pid);
  } catch {
    return false;
  }
  try {
    if (!(await options.isWanted())) return false;
    addon.pidfdSendSignal(pidfd, options.signal);
    return true;
  } catch {
    return false;
  } finally {
    addon.closeFd(pidfd);
  }
}
