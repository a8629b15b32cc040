import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostMortem, RemovedContainer } from '../api/post-mortem.ts';
import { BerthError, isErrno } from '../errors.ts';
import type { LogReader } from '../runtime/runtime.ts';
import type { EngineFiles } from '../store/files.ts';
import { readJson, writeJson } from '../store/json-file.ts';
import type { Container } from './container.ts';
import { nowText } from './container-state.ts';
import type { ContainerDefinition } from './definition.ts';
import { describeEnd } from './post-mortem.ts';
import { readRuns, type StoredRun } from './run-end.ts';

/** How long, how many, and how much of their logs. */
const keptMs = 24 * 60 * 60 * 1000;
const keptContainers = 64;
const keptLogBytes = 256 * 1024 * 1024;
const keptLogBytesEach = 16 * 1024 * 1024;
/** A disk with less room than this keeps nothing of what was removed to make room. */
const leastFreeBytes = 512 * 1024 * 1024;
const pruneEveryMs = 10 * 60 * 1000;

/** remains.json: what is left of a removed container beside its log. */
interface StoredRemains {
  format: 1;
  removedAt: string;
  definition: ContainerDefinition;
  restartCount: number;
  runs: StoredRun[];
  logBytes: number;
}

interface RemainsOptions {
  files: EngineFiles;
  openLog: (directory: string) => LogReader;
  discard: (path: string) => Promise<void>;
  log: (text: string, error?: unknown) => void;
}

/** Why removed containers ended, and what they printed: kept for a while, bounded, and never in the way. */
export class KeptRemains {
  readonly #options: RemainsOptions;
  readonly #kept = new Map<string, StoredRemains>();
  #pruning: NodeJS.Timeout | undefined;

  private constructor(options: RemainsOptions) {
    this.#options = options;
  }

  static async open(options: RemainsOptions): Promise<KeptRemains> {
    const kept = new KeptRemains(options);
    await mkdir(options.files.removed, { recursive: true, mode: 0o700 });
    for (const id of await readdir(options.files.removed)) {
      const stored = await readJson(options.files.remains(id).record).catch(() => undefined);
      if (stored === undefined) await options.discard(options.files.remains(id).dir);
      else kept.#kept.set(id, stored as StoredRemains);
    }
    kept.#pruning = setInterval(() => void kept.#prune(), pruneEveryMs).unref();
    await kept.#prune();
    return kept;
  }

  close(): void {
    clearInterval(this.#pruning);
  }

  /** Newest first. */
  list(): RemovedContainer[] {
    return this.#living().map((stored) => ({
      containerId: stored.definition.id,
      name: stored.definition.name,
      image: stored.definition.config.Image,
      ...times(stored),
      exitCode: stored.runs[0]?.exitCode ?? null,
    }));
  }

  /** By full id, or the newest of a name; throws container-not-found. */
  find(reference: string): StoredRemains {
    const name = reference.replace(/^\//, '');
    const found = this.#living().find(({ definition }) => [definition.id, definition.name].includes(name));
    if (found !== undefined) return found;
    throw new BerthError('container-not-found', `No such container: ${reference}`, { id: reference });
  }

  async postMortem(stored: StoredRemains): Promise<PostMortem> {
    const { definition, runs } = stored;
    const restart = { count: stored.restartCount, waiting: false };
    const log = this.logOf(stored);
    return await describeEnd({ definition, state: 'removed', restart, runs, log, removed: times(stored) });
  }

  logOf({ definition }: StoredRemains): LogReader {
    return this.#options.openLog(this.#options.files.remains(definition.id).log);
  }

  /**
   * Takes what is worth keeping out of a container's directory, which is about to go. What prevents it is logged, and
   * the removal goes on.
   */
  async keep(container: Container): Promise<void> {
    try {
      const runs = await readRuns(container.files.runs);
      if (runs.length === 0) return;
      if (await this.#isTight()) await this.#dropAll();
      else await this.#store(container, runs);
    } catch (error) {
      if (isErrno(error) && error.code === 'ENOSPC') await this.#dropAll();
      else this.#options.log(`container ${container.id}: why it ended is not kept`, error);
    }
  }

  async #store(container: Container, runs: StoredRun[]): Promise<void> {
    const { files } = this.#options;
    const { id } = container;
    const half = join(files.tmp, `remains.${id}`);
    await mkdir(half, { mode: 0o700 });
    const target = files.remains(id);
    const inHalf = (path: string) => join(half, path.slice(target.dir.length + 1));
    await rename(container.files.log, inHalf(target.log));
    const stored: StoredRemains = {
      format: 1,
      removedAt: nowText(),
      definition: container.definition,
      restartCount: container.state.restartCount,
      runs,
      logBytes: await shortenLog(inHalf(target.log)),
    };
    await writeJson(inHalf(target.record), stored, { durable: false });
    await rename(half, target.dir);
    this.#kept.set(id, stored);
    await this.#prune();
  }

  #living(): StoredRemains[] {
    const oldest = Date.now() - keptMs;
    return [...this.#kept.values()].filter(({ removedAt }) => Date.parse(removedAt) > oldest).reverse();
  }

  async #prune(): Promise<void> {
    const keep = new Set<string>();
    let bytes = 0;
    for (const { definition, logBytes } of this.#living().slice(0, keptContainers)) {
      bytes += logBytes;
      if (bytes > keptLogBytes) break;
      keep.add(definition.id);
    }
    for (const id of [...this.#kept.keys()]) if (!keep.has(id)) await this.#drop(id);
  }

  async #drop(id: string): Promise<void> {
    this.#kept.delete(id);
    await this.#options.discard(this.#options.files.remains(id).dir).catch((error: unknown) => {
      this.#options.log(`what is left of container ${id} could not be removed`, error);
    });
  }

  async #dropAll(): Promise<void> {
    for (const id of [...this.#kept.keys()]) await this.#drop(id);
  }

  async #isTight(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#options.files.root);
    return bavail * bsize < leastFreeBytes;
  }
}

function times({ removedAt }: StoredRemains): { at: string; keptUntil: string } {
  return { at: removedAt, keptUntil: new Date(Date.parse(removedAt) + keptMs).toISOString() };
}

/** Deletes the oldest files of a log that is too long to keep; gives the bytes that stay. */
async function shortenLog(directory: string): Promise<number> {
  const names = (await readdir(directory)).sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  let bytes = 0;
  for (const name of names) {
    const path = join(directory, name);
    const { size } = await stat(path);
    if (bytes > 0 && bytes + size > keptLogBytesEach) await rm(path, { recursive: true, force: true });
    else bytes += size;
  }
  return bytes;
}
