import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import type { EngineFiles } from '../store/files.ts';
import { initPaths } from './init-layer.ts';
import type { EntryKind, IndexEntry } from './layer-index.ts';
import type { LayerStack } from './layer-stack.ts';
import { MergedDirectory } from './merged-directory.ts';
import type { Reading } from './reading.ts';

/** What a comparison looks at. */
export type Standing = Pick<IndexEntry, 'kind' | 'mode' | 'uid' | 'gid' | 'size' | 'mtime' | 'mtimeNs'>;

/** What a container's writable layer stands upon: its image, and below that the mount points that every one has. */
export class LowerTree {
  readonly #files: EngineFiles;
  readonly #stack: LayerStack;
  readonly #reading: Reading;
  constructor(options: { files: EngineFiles; stack: LayerStack; reading: Reading }) {
    this.#files = options.files;
    this.#stack = options.stack;
    this.#reading = options.reading;
  }

  /** The directory at a cleaned path; undefined where there is none. */
  async directory(path: Buffer): Promise<LowerDirectory | undefined> {
    const merged = await MergedDirectory.find(this.#stack, this.#reading, path, this.#stack.height);
    const init = initNames(path.toString('latin1'));
    if (merged === undefined && init === undefined) return undefined;
    return new LowerDirectory({
      stack: this.#stack,
      reading: this.#reading,
      merged,
      init: init ?? [],
      initDirectory: join(this.#files.layers, 'init', path.toString('latin1')),
    });
  }
}

export class LowerDirectory {
  readonly #stack: LayerStack;
  readonly #reading: Reading;
  readonly #merged: MergedDirectory | undefined;
  readonly #init: string[];
  readonly #initDirectory: string;
  constructor(options: {
    stack: LayerStack;
    reading: Reading;
    merged: MergedDirectory | undefined;
    init: string[];
    initDirectory: string;
  }) {
    this.#stack = options.stack;
    this.#reading = options.reading;
    this.#merged = options.merged;
    this.#init = options.init;
    this.#initDirectory = options.initDirectory;
  }

  async child(name: Buffer): Promise<Standing | undefined> {
    const found = await this.#merged?.child(this.#reading, name);
    return found?.entry ?? (await this.#initChild(name.toString('latin1')));
  }

  /** All names, as latin1 text of their bytes, with what stands there. */
  async children(): Promise<Map<string, Standing>> {
    const children = new Map<string, Standing>();
    for (const name of this.#init) {
      const standing = await this.#initChild(name);
      if (standing !== undefined) children.set(name, standing);
    }
    if (this.#merged === undefined) return children;
    const all = { from: 0, count: this.#merged.count, sort: 'name' as const };
    const places = await this.#merged.places(this.#reading, all);
    const entries = await this.#stack.entries(this.#reading, places);
    const found = entries.map((entry, index) => ({ level: places[index]!.level, entry }));
    const names = await this.#stack.names(this.#reading, found);
    for (const [index, name] of names.entries()) children.set(name.toString('latin1'), entries[index]!);
    return children;
  }

  async #initChild(name: string): Promise<Standing | undefined> {
    if (!this.#init.includes(name)) return undefined;
    try {
      return standingOf(await lstat(join(this.#initDirectory, name)));
    } catch (error) {
      if (isErrno(error) && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** Names directly below a path in the layer of mount points; undefined where that has no directory. */
function initNames(path: string): string[] | undefined {
  const prefix = path === '' ? '' : `${path}/`;
  const below = initPaths.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
  const names = new Set(below.map((one) => one.split('/')[0]!));
  return names.size === 0 ? undefined : [...names];
}

function standingOf(stats: Stats): Standing {
  const kind: EntryKind = stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'symlink' : 'file';
  const { mode, uid, gid, mtimeMs } = stats;
  const size = kind === 'file' ? stats.size : 0;
  return { kind, mode: mode & 0o7777, uid, gid, size, mtime: Math.floor(mtimeMs / 1000), mtimeNs: 0 };
}

/**
 * Docker's rule of what counts as changed: a directory by mode and owner alone (its times change with its entries),
 * anything else by size and time too.
 */
export function sameStanding(upper: Standing, lower: Standing): boolean {
  if (upper.kind !== lower.kind || upper.mode !== lower.mode) return false;
  if (upper.uid !== lower.uid || upper.gid !== lower.gid) return false;
  if (upper.kind === 'directory') return true;
  return upper.size === lower.size && upper.mtime === lower.mtime && upper.mtimeNs === lower.mtimeNs;
}
