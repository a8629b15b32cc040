import { closeSync, openSync } from 'node:fs';
import { addon } from '../native/addon/load.ts';

/**
 * Takes the lock of an instance: one engine at a time. False when another engine has it. It is held until the process
 * ends, however that comes.
 */
export function lockInstance(path: string): boolean {
  const fd = openSync(path, 'a', 0o600);
  if (addon.tryLock(fd)) return true;
  closeSync(fd);
  return false;
}
