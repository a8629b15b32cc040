import type { ComparedEntry, ComparedField, Comparison, EntryMark } from '../api/layers.ts';
import type { ComparedDirectory, ComparedNode } from './compared-tree.ts';
import { pathName } from './path-name.ts';

/** Differences of two file systems. What both have of the same layer is passed over without a look. */
export async function compareTrees(options: {
  left: ComparedDirectory;
  right: ComparedDirectory;
  /** Entries that are told; all are counted. */
  limit: number;
  sort: 'path' | 'size';
}): Promise<Comparison> {
  const comparing = new Comparing(options.limit, options.sort);
  await comparing.directories(options.left, options.right, '');
  return comparing.result();
}

class Comparing {
  readonly #limit: number;
  readonly #sort: 'path' | 'size';
  #entries: ComparedEntry[] = [];
  readonly #counts: Omit<Comparison, 'entries'> = {
    added: { files: 0, bytes: 0 },
    changed: { files: 0, leftBytes: 0, rightBytes: 0 },
    removed: { files: 0, bytes: 0 },
    total: 0,
  };
  constructor(limit: number, sort: 'path' | 'size') {
    this.#limit = limit;
    this.#sort = sort;
  }

  async directories(left: ComparedDirectory, right: ComparedDirectory, path: string): Promise<void> {
    if (left.key !== undefined && left.key === right.key) return;
    const before = await left.children();
    const after = await right.children();
    const names = [...new Set([...before.keys(), ...after.keys()])].sort();
    for (const name of names) {
      await this.#nodes(before.get(name), after.get(name), `${path}/${name}`);
    }
  }

  async #nodes(left: ComparedNode | undefined, right: ComparedNode | undefined, path: string): Promise<void> {
    if (left === undefined || right === undefined) {
      const node = (left ?? right)!;
      const { bytes, files } = await node.totals();
      const mark = left === undefined ? 'added' : 'removed';
      this.#counts[mark].bytes += bytes;
      this.#counts[mark].files += files;
      const sizes =
        left === undefined ? { leftBytes: 0, rightBytes: bytes } : { leftBytes: bytes, rightBytes: 0 };
      this.#tell(path, { mark, type: node.type, ...sizes, files, fields: [] });
      return;
    }
    const fields = await differences(left, right);
    const both = left.open !== undefined && right.open !== undefined;
    if (fields.length > 0) await this.#changed(left, right, { path, fields, both });
    if (both) await this.directories(await left.open!(), await right.open!(), path);
  }

  async #changed(
    left: ComparedNode,
    right: ComparedNode,
    { path, fields, both }: { path: string; fields: ComparedField[]; both: boolean },
  ): Promise<void> {
    // What lies in two directories is told by itself.
    const none = { bytes: 0, files: 0 };
    const [before, after] = both ? [none, none] : [await left.totals(), await right.totals()];
    const { changed } = this.#counts;
    changed.files += after.files;
    changed.leftBytes += before.bytes;
    changed.rightBytes += after.bytes;
    const sizes = { leftBytes: before.bytes, rightBytes: after.bytes };
    this.#tell(path, { mark: 'changed', type: right.type, ...sizes, files: after.files, fields });
  }

  #tell(path: string, entry: Omit<ComparedEntry, 'path'> & { mark: Exclude<EntryMark, 'same'> }): void {
    this.#counts.total++;
    if (this.#sort === 'path' && this.#entries.length >= this.#limit) return;
    this.#entries.push({ path: pathName(Buffer.from(path, 'latin1')), ...entry });
    if (this.#entries.length > 2 * this.#limit) this.#cut();
  }

  #cut(): void {
    if (this.#sort === 'size') {
      const weight = (entry: ComparedEntry) => Math.max(entry.leftBytes, entry.rightBytes);
      this.#entries.sort((a, b) => weight(b) - weight(a));
    }
    this.#entries = this.#entries.slice(0, this.#limit);
  }

  result(): Comparison {
    this.#cut();
    return { ...this.#counts, entries: this.#entries };
  }
}

/** In what two versions of a name differ; times of directories change with their entries and are not counted. */
async function differences(left: ComparedNode, right: ComparedNode): Promise<ComparedField[]> {
  const [a, b] = [left.standing, right.standing];
  if (a.kind !== b.kind) return ['kind'];
  const fields: ComparedField[] = [];
  if (a.mode !== b.mode) fields.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) fields.push('owner');
  if (a.kind === 'directory') return fields;
  if (a.size !== b.size) fields.push('size');
  if (a.mtime !== b.mtime || a.mtimeNs !== b.mtimeNs) fields.push('time');
  if (a.kind === 'symlink' && (await left.target()) !== (await right.target())) fields.push('target');
  return fields;
}
