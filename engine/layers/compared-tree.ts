import type { EntryType } from '../api/layers.ts';
import { directoryTotals } from './directory-totals.ts';
import type { IndexEntry, LayerIndex } from './layer-index.ts';
import type { LayerStack } from './layer-stack.ts';
import type { Standing } from './lower-tree.ts';
import { MergedDirectory } from './merged-directory.ts';
import { Reading } from './reading.ts';
import { entryType } from './tree-page.ts';

/** A directory of a file system that is compared: of an image after some layer, or of a container. */
export interface ComparedDirectory {
  /** Equal keys have equal contents, all the way down; undefined: it must be looked into. */
  key: string | undefined;
  /** By the latin-1 text of their names' bytes, in byte order. */
  children(): Promise<Map<string, ComparedNode>>;
}

export interface ComparedNode {
  standing: Standing;
  type: EntryType;
  /** Of a symlink. */
  target(): Promise<string | undefined>;
  /** Bytes and number of files at and below it. */
  totals(): Promise<{ bytes: number; files: number }>;
  /** Undefined unless it is a directory. */
  open: (() => Promise<ComparedDirectory>) | undefined;
}

/** What lies in a directory once the layers up to some level are put together. */
export class ImageDirectory implements ComparedDirectory {
  readonly key: string;
  readonly #stack: LayerStack;
  readonly #reading: Reading;
  readonly #merged: MergedDirectory;
  constructor(stack: LayerStack, reading: Reading, merged: MergedDirectory) {
    this.#stack = stack;
    this.#reading = reading;
    this.#merged = merged;
    this.key = `${stack.chain(merged.place.level)} ${merged.place.entry}`;
  }

  async children(): Promise<Map<string, ComparedNode>> {
    const [stack, reading] = [this.#stack, this.#reading];
    const all = { from: 0, count: this.#merged.count, sort: 'name' as const };
    const places = await this.#merged.places(reading, all);
    const entries = await stack.entries(reading, places);
    const found = entries.map((entry, index) => ({ level: places[index]!.level, entry }));
    const names = await stack.names(reading, found);
    const totals = await directoryTotals(stack, reading, found);
    const children = new Map<string, ComparedNode>();
    for (const [index, one] of found.entries()) {
      const { entry } = one;
      const below = totals[index] ?? fileTotals(entry);
      children.set(names[index]!.toString('latin1'), {
        standing: entry,
        type: entryType(entry),
        target: async () => textOf((await stack.wholeExtra(reading, one)).target),
        totals: async () => below,
        open:
          entry.kind === 'directory'
            ? async () =>
                new ImageDirectory(stack, reading, await MergedDirectory.at(stack, reading, places[index]!))
            : undefined,
      });
    }
    return children;
  }
}

/** A container's directory: what it has written, over its image's. */
export class ContainerDirectory implements ComparedDirectory {
  readonly key = undefined;
  readonly #index: LayerIndex;
  readonly #entry: IndexEntry;
  readonly #below: ComparedDirectory | undefined;
  readonly #reading = new Reading();
  constructor(index: LayerIndex, entry: IndexEntry, below: ComparedDirectory | undefined) {
    this.#index = index;
    this.#entry = entry;
    this.#below = entry.opaque ? undefined : below;
  }

  async children(): Promise<Map<string, ComparedNode>> {
    const reading = this.#reading;
    const merged = new Map(await this.#below?.children());
    const entries = await this.#index.range(reading, this.#entry.firstChild, this.#entry.childCount);
    const names = await this.#index.names(reading, entries);
    for (const [position, entry] of entries.entries()) {
      const name = names[position]!.toString('latin1');
      if (entry.kind === 'whiteout') merged.delete(name);
      else merged.set(name, this.#node(entry, merged.get(name)));
    }
    return new Map([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #node(entry: IndexEntry, below: ComparedNode | undefined): ComparedNode {
    const index = this.#index;
    const open = async () => new ContainerDirectory(index, entry, await below?.open?.());
    return {
      standing: entry,
      type: entryType(entry),
      target: async () => textOf((await index.wholeExtra(this.#reading, entry)).target),
      totals: async () => (entry.kind === 'directory' ? await summed(await open()) : fileTotals(entry)),
      open: entry.kind === 'directory' ? open : undefined,
    };
  }
}

async function summed(directory: ComparedDirectory): Promise<{ bytes: number; files: number }> {
  const sum = { bytes: 0, files: 0 };
  for (const child of (await directory.children()).values()) {
    const { bytes, files } = await child.totals();
    sum.bytes += bytes;
    sum.files += files;
  }
  return sum;
}

function fileTotals(entry: IndexEntry): { bytes: number; files: number } {
  if (entry.kind !== 'file') return { bytes: 0, files: 0 };
  // A further name of a file counts as a file, and its bytes at the first.
  return { bytes: entry.isLink ? 0 : entry.size, files: 1 };
}

function textOf(bytes: Buffer | undefined): string | undefined {
  return bytes?.toString('latin1');
}

/** A file system without anything. */
export const emptyDirectory: ComparedDirectory = { key: 'empty', children: async () => new Map() };
