import { randomUUID } from 'node:crypto';
import { readdir, rename, rmdir, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isErrno } from '../errors.ts';
import { runUnpack } from './unpack-program.ts';

/** What is discarded within this time goes by one run of the program, whose start costs more than a small tree. */
const gatherMs = 400;
/** With less room than this on its disk, a removal answers once the room is there: it is what somebody waits for. */
const shortBytes = 64 * 1024 * 1024;

/**
 * Removes trees: a rename into trash answers at once, a confined program empties the trash behind (one at a time: ext4
 * makes creating files beside a deletion slow). What is left at a crash is deleted after the next start.
 */
export class Trash {
  readonly #directory: string;
  readonly #program: string;
  readonly #stop = new AbortController();
  #emptying: Promise<void> | undefined;
  #more = false;
  /** Ends the gathering; undefined while nothing is gathered. */
  #hurry: (() => void) | undefined;
  constructor({ directory, program }: { directory: string; program: string }) {
    this.#directory = directory;
    this.#program = program;
  }

  /** Deletes what earlier engines left. */
  async sweep(): Promise<void> {
    if ((await readdir(this.#directory)).length > 0) this.#emptyBehind();
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
    this.#emptyBehind();
    if (await this.#isShort()) await this.settled();
  }

  async #isShort(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#directory);
    return bavail * bsize < shortBytes;
  }

  /** Waits until all that was discarded so far is deleted. */
  async settled(): Promise<void> {
    this.#hurry?.();
    await this.#emptying;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.settled();
  }

  #emptyBehind(): void {
    this.#more = true;
    this.#emptying ??= this.#empty().finally(() => {
      this.#emptying = undefined;
    });
  }

  async #empty(): Promise<void> {
    while (this.#more && !this.#stop.signal.aborted) {
      await this.#pause();
      this.#more = false;
      if (await this.#remove(this.#directory)) continue;
      // One tree that cannot be removed must not keep the others.
      for (const name of await readdir(this.#directory).catch(() => [])) {
        const tree = join(this.#directory, name);
        if (await this.#remove(tree)) await rmdir(tree).catch(() => {});
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#hurry = undefined;
        resolve();
      };
      const timer = setTimeout(end, gatherMs);
      this.#hurry = end;
    });
  }

  /** Empties a directory. What fails is left to the next start; nobody waits for it. */
  async #remove(directory: string): Promise<boolean> {
    if (this.#stop.signal.aborted) return true;
    try {
      await runUnpack({ program: this.#program, task: 'remove', directory, signal: this.#stop.signal });
      return true;
    } catch {
      return false;
    }
  }
}
