import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EngineClient, engineClient } from '../../engine/api/client.ts';
import { unixTransport } from './unix-transport.ts';

/** An engine that answers on a socket and is measured. */
export interface Contestant extends AsyncDisposable {
  readonly name: string;
  readonly version: string;
  readonly socket: string;
  readonly client: EngineClient;
  /** Processor time in ms of everything of this engine so far: daemon, monitors, containers, ended ones too. */
  cpuMs(): number;
  /** Resident memory in MB of what runs while it is idle. */
  idleMB(): number;
  /** Proportional memory in MB of one container's monitor (engine and container left out). */
  monitorMB(containerId: string): number;
}

/**
 * The cgroup hierarchy that counts processor time. A group's figure keeps what its removed children used, which is
 * what makes whole life cycles countable.
 */
const accounting = '/sys/fs/cgroup/cpuacct';

/** Moves a process into an accounting group of its own; what it starts later follows. */
export function account(group: string, pid: number): void {
  mkdirSync(join(accounting, group), { recursive: true });
  writeFileSync(join(accounting, group, 'cgroup.procs'), String(pid));
}

export function accountedMs(group: string): number {
  return Number(readFileSync(join(accounting, group, 'cpuacct.usage'), 'utf8')) / 1e6;
}

/** Removes a group that has become empty; one that has not is left to the next boot. */
export function closeAccount(group: string): void {
  const path = join(accounting, group);
  try {
    for (const name of readdirSync(path, { withFileTypes: true })) {
      if (name.isDirectory()) closeAccount(join(group, name.name));
    }
    rmdirSync(path);
  } catch {
    // A process of it has not been reaped yet.
  }
}

/** Resident memory of a process in MB. */
export function residentMB(pid: number): number {
  return memoryField(`/proc/${pid}/status`, 'VmRSS');
}

/** Proportional share of memory of a process in MB. */
export function proportionalMB(pid: number): number {
  return memoryField(`/proc/${pid}/smaps_rollup`, 'Pss');
}

function memoryField(file: string, field: string): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  if (line === null) throw new Error(`${file} has no ${field}`);
  return Number(line[1]) / 1024;
}

/** Processes whose command line the test accepts. */
export function processes(test: (words: string[], pid: number) => boolean): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (!(pid > 0)) return false;
      try {
        return test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1), pid);
      } catch {
        return false; // It ended meanwhile.
      }
    });
}

export const clientOf = (socket: string): EngineClient => engineClient(unixTransport(socket));
