import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { identifyProcess, isAlive } from './process-identity.ts';

const contents = z.object({ pid: z.number(), startedAt: z.string(), port: z.number().default(0) });
export type LockContents = z.infer<typeof contents>;

/** Another host of the same user and instance runs already. */
export class AlreadyRunning extends Error {
  readonly pid: number;
  constructor(pid: number) {
    super(`Berth's host runs already (pid ${pid})`);
    this.name = 'AlreadyRunning';
    this.pid = pid;
  }
}

/** One host a user and instance. The file names its holder; it is stale when that very process is gone. */
export class HostLock {
  readonly #file: string;
  readonly #identity: { pid: number; startedAt: string };
  /** The port of the host before this one, if it ended without letting go. */
  readonly earlierPort: number | undefined;

  private constructor(file: string, identity: { pid: number; startedAt: string }, earlierPort?: number) {
    this.#file = file;
    this.#identity = identity;
    this.earlierPort = earlierPort;
  }

  /** Throws AlreadyRunning when another host holds it. */
  static take(file: string): HostLock {
    const identity = identifyProcess(process.pid);
    if (!identity) throw new Error('this process cannot be identified');
    let earlierPort: number | undefined;
    for (;;) {
      try {
        writeFileSync(file, JSON.stringify({ ...identity, port: 0 }), { flag: 'wx', mode: 0o600 });
        return new HostLock(file, identity, earlierPort);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readLock(file);
      if (holder && isAlive(holder)) throw new AlreadyRunning(holder.pid);
      earlierPort = holder?.port || undefined;
      removeStale(file);
    }
  }

  /** Says where the host listens, for clients that find the lock and for the next host after a crash. */
  publish(port: number): void {
    const temporary = `${this.#file}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify({ ...this.#identity, port }), { mode: 0o600 });
    renameSync(temporary, this.#file);
  }

  release(): void {
    rmSync(this.#file, { force: true });
  }
}

/** What the lock file says, or undefined when there is none or it is unreadable. */
export function readLock(file: string): LockContents | undefined {
  try {
    return contents.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Two hosts may find the same stale file: only what was renamed away is judged, and a fresh one is put back. */
function removeStale(file: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const holder = readLock(aside);
  try {
    if (holder && isAlive(holder)) linkSync(aside, file);
  } finally {
    unlinkSync(aside);
  }
}
