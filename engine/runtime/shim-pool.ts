import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeOptions } from './runtime.ts';
import { ShimConnection } from './shim-connection.ts';
import { messageType } from './shim-messages.ts';
import { type ShimUnit, spawnShim } from './spawn-shim.ts';

/** Shims that wait. Each costs about half a megabyte of kernel memory. */
const waitingShims = 2;
/** The pool is filled when no container was created for so long: filling competes with what is being started. */
const quietMs = 10;
/** In the arguments of a shim that waits; its container's id takes the place. */
const noId = '0'.repeat(64);

/**
 * Idle shims with a process already in namespaces of its own, which a container of the default shape takes over. One
 * that waits ends by itself when its engine does.
 */
export class ShimPool {
  readonly #options: RuntimeOptions;
  readonly #waiting: ShimConnection[] = [];
  #quiet: NodeJS.Timeout | undefined;
  #filling = false;
  #closed = false;
  #count = 0;

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  /** A container is about to be started: the shim that will have it does now what may be slow. */
  warm(): void {
    this.#waiting[0]?.send(messageType.warm, 0, Buffer.from('{}'));
  }

  /** A connection to a shim that waits for its unit; undefined when there is none now. */
  take(): ShimConnection | undefined {
    this.#fillSoon();
    return this.#waiting.shift();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    for (const connection of this.#waiting.splice(0)) connection.close();
  }

  #fillSoon(): void {
    if (this.#closed) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => void this.#fill(), quietMs).unref();
  }

  /** A shim that does not start is not waited for: containers are created without the pool, which tell what is wrong. */
  async #fill(): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (!this.#closed && this.#waiting.length < waitingShims) await this.#add();
    } catch {
      // Tried again with the next container.
    } finally {
      this.#filling = false;
    }
  }

  async #add(): Promise<void> {
    const pool = this.#options.files.shimPool;
    // What an earlier engine's shims left.
    if (this.#count === 0) await rm(pool, { recursive: true, force: true });
    this.#count += 1;
    const run = join(pool, String(this.#count));
    await mkdir(run, { recursive: true, mode: 0o700 });
    const unit: ShimUnit = { id: noId, bundle: '-', dir: '-', run, cgroup: '-' };
    await spawnShim(this.#options, unit, { log: join(pool, 'shim.log'), pool: true });
    const connection = new ShimConnection(join(run, 'shim.sock'));
    await connection.hello;
    if (this.#closed) return connection.close();
    this.#waiting.push(connection);
    void connection.closed.then(() => {
      const index = this.#waiting.indexOf(connection);
      if (index >= 0) this.#waiting.splice(index, 1);
    });
  }
}
