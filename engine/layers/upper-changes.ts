import type { IndexEntry, LayerIndex } from './layer-index.ts';
import type { Change } from './layers.ts';
import { type LowerTree, type Standing, sameStanding } from './lower-tree.ts';
import { pathName } from './path-name.ts';
import type { Reading } from './reading.ts';
import { entryType } from './tree-page.ts';

const modified = 0;
const added = 1;
const deleted = 2;

/**
 * docker diff's lines of a writable layer, parents first, names in byte order. As in Docker, a directory is told when
 * it is new, when its mode or owner changed, or when something in it did.
 */
export async function upperChanges(options: {
  index: LayerIndex;
  lower: LowerTree;
  /** Of the walk's index. */
  reading: Reading;
}): Promise<Change[]> {
  const changes: Change[] = [];
  const walk = new Walk(options, changes);
  await walk.directory(await options.index.entry(options.reading, 0), Buffer.alloc(0), true);
  return changes;
}

class Walk {
  readonly #index: LayerIndex;
  readonly #lower: LowerTree;
  readonly #reading: Reading;
  readonly #changes: Change[];
  constructor(options: { index: LayerIndex; lower: LowerTree; reading: Reading }, changes: Change[]) {
    this.#index = options.index;
    this.#lower = options.lower;
    this.#reading = options.reading;
    this.#changes = changes;
  }

  /** What is told inside a directory; `shared`: the layers below have it too. */
  async directory(directory: IndexEntry, path: Buffer, shared: boolean): Promise<void> {
    const entries = await this.#index.range(this.#reading, directory.firstChild, directory.childCount);
    const names = await this.#index.names(this.#reading, entries);
    const below = shared ? await (await this.#lower.directory(path))?.children() : undefined;
    const seen = new Set<string>();
    for (const [position, entry] of entries.entries()) {
      const name = names[position]!;
      seen.add(name.toString('latin1'));
      await this.#child(entry, childPath(path, name), below?.get(name.toString('latin1')));
    }
    if (!directory.opaque || below === undefined) return;
    // What an opaque directory hides without naming it.
    for (const [name, standing] of below) {
      if (seen.has(name)) continue;
      this.#tell(childPath(path, Buffer.from(name, 'latin1')), deleted, standing.kind);
    }
  }

  async #child(entry: IndexEntry, path: Buffer, below: Standing | undefined): Promise<void> {
    if (entry.kind === 'whiteout') {
      if (below !== undefined) this.#tell(path, deleted, below.kind);
      return;
    }
    const type = entryType(entry);
    const changed = below === undefined || !sameStanding(entry, below);
    const at = this.#changes.length;
    if (changed) this.#tell(path, below === undefined ? added : modified, type);
    if (entry.kind !== 'directory') return;
    const inside = this.#changes.length;
    await this.directory(entry, path, below?.kind === 'directory');
    if (!changed && this.#changes.length > inside) {
      this.#changes.splice(at, 0, { path: pathName(rooted(path)), kind: modified, type });
    }
  }

  #tell(path: Buffer, kind: Change['kind'], type: Change['type']): void {
    this.#changes.push({ path: pathName(rooted(path)), kind, type });
  }
}

function childPath(parent: Buffer, name: Buffer): Buffer {
  return parent.length === 0 ? name : Buffer.concat([parent, Buffer.from('/'), name]);
}

function rooted(path: Buffer): Buffer {
  return Buffer.concat([Buffer.from('/'), path]);
}
