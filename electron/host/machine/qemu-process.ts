import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HostFiles } from '../files.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../process-identity.ts';
import { MachineProblem } from './driver.ts';
import { missingProgram } from './programs.ts';
import { until } from './waiting.ts';

/** Between two looks at a process that is no child of ours; this is for its last moments only. */
const pollMs = 20;

export interface QemuProcess {
  identity: ProcessIdentity;
  /** Settles when the process has ended. */
  exited: Promise<void>;
  kill(): Promise<void>;
}

/** Starts QEMU in a session of its own, so that it outlives the host. Throws `qemu-missing` or `qemu-exited`. */
export async function startQemu(options: {
  program: string;
  args: string[];
  machine: HostFiles['machine'];
}): Promise<QemuProcess> {
  const { program, args, machine } = options;
  mkdirSync(dirname(machine.qemuLog), { recursive: true, mode: 0o700 });
  rmSync(machine.qmpSocket, { force: true });
  rmSync(machine.serialLog, { force: true });
  const log = openSync(machine.qemuLog, 'w', 0o600);
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      reject(missing ? new MachineProblem(missingProgram(program)) : error);
    });
  });
  child.unref();
  const identity = identifyProcess(child.pid as number);
  if (!identity) throw new MachineProblem(qemuExited(machine));
  return { identity, exited, kill: () => killQemu(identity) };
}

/** Ends QEMU by force and waits until it has gone. */
export async function killQemu(identity: ProcessIdentity): Promise<void> {
  if (isAlive(identity)) process.kill(identity.pid, 'SIGKILL');
  await hasGone(identity);
}

/** Waits until the process has gone; it is expected to go now. */
export async function hasGone(identity: ProcessIdentity): Promise<void> {
  await until(() => !isAlive(identity), { everyMs: pollMs, signal: new AbortController().signal });
}

/** The problem of a QEMU that ended by itself, with its last words. */
export function qemuExited(machine: HostFiles['machine']) {
  let words = '';
  try {
    words = readFileSync(machine.qemuLog, 'utf8').trim().split('\n').slice(-8).join('\n');
  } catch {
    // Nothing was written.
  }
  return { code: 'qemu-exited' as const, params: {}, ...(words === '' ? {} : { detail: words }) };
}
