import { randomUUID } from 'node:crypto';
import { readdir, rename, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isErrno } from '../errors.ts';
import { runUnpack } from './unpack-program.ts';

/**
 * Removes trees: a rename into trash answers at once, a confined program deletes behind, one tree at a time (ext4
 * makes creating files beside a deletion slow). What is left at a crash is deleted after the next start.
 */
export class Trash {
  readonly #directory: string;
  readonly #program: string;
  readonly #stop = new AbortController();
  #work: Promise<void> = Promise.resolve();
  constructor({ directory, program }: { directory: string; program: string }) {
    this.#directory = directory;
    this.#program = program;
  }

  /** Deletes what earlier engines left. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#directory)) this.#deleteBehind(join(this.#directory, name));
  }

  /** Takes a directory out of sight. A path that does not exist is fine. */
  async discard(path: string): Promise<void> {
    const target = join(this.#directory, `${basename(path)}.${randomUUID()}`);
    try {
      await rename(path, target);
    } catch (error) {
      if (isErrno(error) && error.code === 'ENOENT') return;
      throw error;
    }
    this.#deleteBehind(target);
  }

  /** Waits until all that was discarded so far is deleted. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  #deleteBehind(target: string): void {
    this.#work = this.#work.then(async () => {
      if (this.#stop.signal.aborted) return;
      try {
        await runUnpack({
          program: this.#program,
          task: 'remove',
          directory: target,
          signal: this.#stop.signal,
        });
        await rmdir(target);
      } catch {
        // The next start sweeps again; nobody waits for this deletion.
      }
    });
  }
}
