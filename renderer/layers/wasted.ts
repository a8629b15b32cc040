import type { LayerSummary, TreeEntry, TreePage } from '../../engine/api/layers.ts';
import { childPath, pathKey, rootPath, type TreePath } from './tree-path.ts';
import type { TreeSource } from './tree-source.ts';

/** A file or directory that a later layer hides: it takes space and nobody sees it. */
export interface WastedEntry {
  path: TreePath;
  sizeBytes: number;
  /** Where the hidden version came from. */
  addedIn: number;
  hiddenIn: number;
  how: 'removed' | 'replaced';
}

export interface Wasted {
  entries: readonly WastedEntry[];
  totalBytes: number;
  /** Hidden bytes by the layer that holds them. */
  byLayer: ReadonlyMap<number, number>;
  /** Not everything was looked at: there are too many changed directories. */
  partial: boolean;
  finished: boolean;
}

export const nothingWasted: Wasted = {
  entries: [],
  totalBytes: 0,
  byLayer: new Map(),
  partial: false,
  finished: false,
};

/** Pages read for one image at most. */
const pageBudget = 400;

interface Trees {
  only(layer: number): TreeSource;
  upto(layer: number): TreeSource;
}

class PageReader {
  #left = pageBudget;
  readonly #signal: AbortSignal;
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }
  get exhausted(): boolean {
    return this.#left <= 0;
  }
  /** Every page of a directory, until the budget is used up. */
  async *pages(source: TreeSource, path: TreePath): AsyncGenerator<TreePage> {
    let offset = 0;
    while (this.#left > 0) {
      this.#left--;
      const page = await source.page(path, { offset, sort: 'name', signal: this.#signal });
      yield page;
      offset += page.entries.length;
      if (page.entries.length === 0 || offset >= page.total) return;
    }
  }
}

interface Hiding {
  parent: TreePath;
  entry: TreeEntry;
}

/**
 * Entries of a layer that hide something below: whiteouts and changed files. A directory that the layer added
 * cannot hold any, so only changed ones are looked into.
 */
async function* hidingEntries(reader: PageReader, source: TreeSource): AsyncGenerator<Hiding> {
  const queue: TreePath[] = [rootPath];
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift())
    for await (const page of reader.pages(source, parent))
      for (const entry of page.entries) {
        if (entry.mark === 'removed' || (entry.mark === 'changed' && entry.type !== 'directory'))
          yield { parent, entry };
        else if (entry.type === 'directory' && entry.mark !== 'added')
          queue.push(childPath(parent, entry.name));
      }
}

/** Looks up what stood at the names of one directory before. */
async function standing(
  reader: PageReader,
  source: TreeSource,
  parent: TreePath,
  names: ReadonlySet<string>,
): Promise<Map<string, TreeEntry>> {
  const found = new Map<string, TreeEntry>();
  for await (const page of reader.pages(source, parent)) {
    for (const entry of page.entries) {
      const name = pathKey(entry.name);
      if (names.has(name)) found.set(name, entry);
    }
    if (found.size === names.size) break;
  }
  return found;
}

/** Finds hidden entries layer by layer; yields what is known so far after each. */
export async function* findWasted(
  layers: readonly LayerSummary[],
  trees: Trees,
  signal: AbortSignal,
): AsyncGenerator<Wasted> {
  const reader = new PageReader(signal);
  const entries: WastedEntry[] = [];
  const byLayer = new Map<number, number>();
  let totalBytes = 0;
  const result = (finished: boolean): Wasted => ({
    entries: entries.toSorted((a, b) => b.sizeBytes - a.sizeBytes),
    totalBytes,
    byLayer: new Map(byLayer),
    partial: reader.exhausted,
    finished,
  });
  const stored = layers.filter((layer) => layer.diffId !== null);
  for (const [index, layer] of stored.entries()) {
    const below = stored[index - 1];
    if (!below || layer.changed + layer.removed === 0) continue;
    const byParent = new Map<string, { parent: TreePath; hiding: Map<string, TreeEntry> }>();
    for await (const { parent, entry } of hidingEntries(reader, trees.only(layer.number))) {
      const group = byParent.get(pathKey(parent)) ?? { parent, hiding: new Map<string, TreeEntry>() };
      group.hiding.set(pathKey(entry.name), entry);
      byParent.set(pathKey(parent), group);
    }
    for (const { parent, hiding } of byParent.values()) {
      const before = await standing(reader, trees.upto(below.number), parent, new Set(hiding.keys()));
      for (const [name, old] of before) {
        if (old.sizeBytes === 0) continue;
        const removed = hiding.get(name)!.mark === 'removed';
        entries.push({
          path: childPath(parent, old.name),
          sizeBytes: old.sizeBytes,
          addedIn: old.layer,
          hiddenIn: layer.number,
          how: removed ? 'removed' : 'replaced',
        });
        totalBytes += old.sizeBytes;
        byLayer.set(old.layer, (byLayer.get(old.layer) ?? 0) + old.sizeBytes);
      }
    }
    yield result(false);
  }
  yield result(true);
}
