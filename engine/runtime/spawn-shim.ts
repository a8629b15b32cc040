import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { BerthError, isErrno } from '../errors.ts';
import { addon, nativePath } from '../native/addon/load.ts';
import type { RuntimeOptions } from './runtime.ts';

/** Names and places of a shim (docs/shim-protocol.md): its arguments, or the unit of CREATE for one of the pool. */
export interface ShimUnit {
  id: string;
  bundle: string;
  dir: string;
  run: string;
  cgroup: string;
}

/** Sealed copies of shims, by path: a descriptor each, as long as the engine lives. */
const sealed = new Map<string, number>();

/**
 * What is executed for a shim's path: one copy in memory for all shims, that no container can write to by way of
 * /proc/PID/exe (CVE-2019-5736). A shim that finds itself to be no such copy makes one of its own.
 */
function programOf(path: string): string {
  let fd = sealed.get(path);
  if (fd === undefined) {
    fd = addon.sealedCopy(path);
    sealed.set(path, fd);
  }
  return `/proc/${process.pid}/fd/${fd}`;
}

/** Settles when the shim listens. Rejects with start-failed and the shim's own words. */
export async function spawnShim(
  options: RuntimeOptions,
  unit: ShimUnit,
  { log: logFile, pool = false }: { log: string; pool?: boolean },
): Promise<void> {
  const path = options.shimPath ?? nativePath('berth-shim');
  const [reader, writer] = addon.pipe();
  const nothing = openSync('/dev/null', 'r+');
  const log = openSync(logFile, 'a', 0o600);
  const named = {
    ...unit,
    'monitor-cgroup': `/${options.instance}/monitor`,
    'seccomp-cache': options.files.seccomp,
    ...(pool ? { pool: '1' } : {}),
  };
  const words = Object.entries(named).flatMap(([name, value]) => [`--${name}`, value]);
  try {
    const child = await addon.spawn({
      path: programOf(path),
      args: ['berth-shim', ...words],
      env: [],
      fds: [nothing, nothing, log, writer],
    });
    // The first process leaves the shim to pid 1 and ends at once.
    void addon.waitPidfd(child.pidfd);
    addon.closeFd(child.pidfd);
  } catch (error) {
    addon.closeFd(reader);
    const message = isErrno(error) ? error.message : String(error);
    throw new BerthError('start-failed', `cannot start ${path}: ${message}`, { stage: 'shim', path });
  } finally {
    for (const fd of [nothing, log]) closeSync(fd);
    addon.closeFd(writer);
  }
  await ready(reader, logFile);
}

async function ready(reader: number, logFile: string): Promise<void> {
  const stream = new Socket({ fd: reader, readable: true, writable: false });
  let line = '';
  for await (const chunk of stream) line += String(chunk);
  if (line.trim() === 'ok') return;
  const words = line.replace(/^error \d+ /, '').trim();
  const detail = words || (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').at(-1);
  throw new BerthError('start-failed', `the container's shim did not start: ${detail}`, { stage: 'shim' });
}
