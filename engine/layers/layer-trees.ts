import type { TreePage } from '../api/layers.ts';
import type { EngineFiles } from '../store/files.ts';
import { compareTrees } from './compare-trees.ts';
import {
  type ComparedDirectory,
  ContainerDirectory,
  emptyDirectory,
  ImageDirectory,
} from './compared-tree.ts';
import { readFileIn } from './file-reader.ts';
import { HiddenBy } from './hidden-by.ts';
import type { EntryPlace } from './layer-relation.ts';
import { LayerStack, layerPath, splitPath } from './layer-stack.ts';
import type { ComparedSide, LayerTrees, TreeOptions } from './layers.ts';
import { MergedDirectory } from './merged-directory.ts';
import { noDirectory, noFile, noPath } from './no-path.ts';
import { pathHistory } from './path-history.ts';
import { pageBytes, Reading } from './reading.ts';
import { searchLayers } from './search-layers.ts';
import { type PageRow, page, readRows } from './tree-page.ts';
import { UpperTrees } from './upper-trees.ts';

export interface LayerTreesOptions {
  files: EngineFiles;
  /** Path of the static program berth-unpack. */
  unpackProgram: string;
}

/** Answers about what lies in layers, from their indexes; of writable layers, by a confined walk. */
export function openLayerTrees({ files, unpackProgram: program }: LayerTreesOptions): LayerTrees {
  const upper = new UpperTrees(files, program);
  return {
    async tree(options) {
      await using stack = new LayerStack(files, options.layers);
      return await layerPage(stack, options);
    },
    async merged(options) {
      await using stack = new LayerStack(files, options.layers);
      return await mergedPage(stack, options);
    },
    async search({ layers, ...options }) {
      await using stack = new LayerStack(files, layers);
      return await searchLayers(stack, options);
    },
    async history({ layers, path }) {
      await using stack = new LayerStack(files, layers);
      const versions = await pathHistory(stack, new Reading(), layerPath(path));
      if (versions.length === 0) throw noPath(path);
      return versions;
    },
    async openFile({ layers, number, path }) {
      await using stack = new LayerStack(files, layers);
      const cleaned = layerPath(path);
      const place = await findFile(stack, cleaned, number);
      const directory = files.layer(layers[place.level - 1]!).diff;
      return await readFileIn({ program, directory, path: cleaned });
    },
    async counts({ layers, number }) {
      await using stack = new LayerStack(files, layers);
      const reading = new Reading();
      const { header: index } = await stack.index(reading, number);
      const { header: relation } = await stack.relation(reading, number);
      const { added, changed, removed } = relation;
      // The root is there in every layer.
      return { files: index.files, directories: index.directories - 1, marks: { added, changed, removed } };
    },
    async compare({ left, right, limit, sort }) {
      await using leftStack = new LayerStack(files, left.layers);
      await using rightStack = new LayerStack(files, right.layers);
      return await compareTrees({
        left: await sideRoot(leftStack, upper, left),
        right: await sideRoot(rightStack, upper, right),
        limit,
        sort,
      });
    },
    upperTree: (options) => upper.tree(options),
    openUpperFile: (options) => upper.openFile(options),
    changes: (options) => upper.changes(options),
  };
}

/** The root directory of a file system that is compared. */
async function sideRoot(
  stack: LayerStack,
  uppers: UpperTrees,
  { upper }: ComparedSide,
): Promise<ComparedDirectory> {
  const reading = new Reading();
  const root = { level: stack.height, entry: 0 };
  const image =
    stack.height === 0
      ? emptyDirectory
      : new ImageDirectory(stack, reading, await MergedDirectory.at(stack, reading, root));
  if (upper === undefined) return image;
  const index = await uppers.walk(upper, reading);
  return new ContainerDirectory(index, await index.entry(reading, 0), image);
}

async function layerPage(stack: LayerStack, options: TreeOptions & { number: number }): Promise<TreePage> {
  const { number: level, offset, limit, sort } = options;
  const reading = new Reading(pageBytes);
  const path = layerPath(options.path);
  const index = await stack.index(reading, level);
  const number = await index.directory(reading, path);
  if (number === undefined) throw noDirectory(options.path);
  const directory = await index.entry(reading, number);
  const count = Math.max(0, Math.min(limit, directory.childCount - offset));
  const places =
    sort === 'size'
      ? await index.bySize(reading, directory, offset, count)
      : Array.from({ length: count }, (_, at) => directory.firstChild + offset + at);
  const hidden = await HiddenBy.open(stack, reading, { level, entry: directory });
  const rows = places.map((entry): PageRow => ({ place: { level, entry } }));
  const entries = await readRows(stack, reading, rows, {
    merged: false,
    mark: (_, relation) => relation.mark,
    hiddenBy: (counted, asked) =>
      hidden.find(
        counted,
        asked.map(({ entry }) => entry),
      ),
    hiddenByBytes: hidden.bytesPerEntry,
  });
  return page(options, entries, directory.childCount, reading);
}

async function mergedPage(
  stack: LayerStack,
  options: TreeOptions & { number: number; unmarked?: boolean },
): Promise<TreePage> {
  const { number: level, offset, limit } = options;
  const reading = new Reading(pageBytes);
  const directory = await MergedDirectory.find(stack, reading, layerPath(options.path), level);
  if (directory === undefined) throw noDirectory(options.path);
  // What the layer itself took away is shown once, in its own view.
  const marked = directory.place.level === level && !options.unmarked;
  const removed = marked ? directory.removedCount : 0;
  const total = directory.count + removed;
  const count = Math.max(0, Math.min(limit, total - offset));
  const rows = await mergedRows(directory, reading, { ...options, count, removed });
  const entries = await readRows(stack, reading, rows, {
    merged: true,
    mark: (place, relation) => (marked && place.level === level ? relation.mark : 'same'),
  });
  return page(options, entries, total, reading);
}

/** The rows of a page: by name with the removed ones among the live, by size with the removed ones behind. */
async function mergedRows(
  directory: MergedDirectory,
  reading: Reading,
  options: { offset: number; count: number; removed: number; sort: 'name' | 'size' },
): Promise<PageRow[]> {
  const { offset, count, removed, sort } = options;
  const live = (place: EntryPlace): PageRow => ({ place });
  if (removed === 0) return (await directory.places(reading, { from: offset, count, sort })).map(live);
  if (sort === 'size') {
    const from = Math.min(offset, directory.count);
    const shown = Math.min(count, directory.count - from);
    const places = await directory.places(reading, { from, count: shown, sort });
    const gone = await directory.removed(reading, offset + shown - directory.count, count - shown);
    return [...places.map(live), ...gone.map((place): PageRow => ({ place, removed: true }))];
  }
  // The removed name with number n has `position` live names and n removed ones before it.
  const before = await removedBefore(directory, reading, offset, removed);
  const gone = await directory.removed(reading, before, Math.min(count, removed - before));
  const inside = gone.filter(({ position }, index) => position + before + index < offset + count);
  const from = offset - before;
  const places = await directory.places(reading, { from, count: count - inside.length, sort });
  const rows = places.map(live);
  for (const [index, place] of inside.entries()) {
    rows.splice(place.position + before + index - offset, 0, { place, removed: true });
  }
  return rows;
}

/** How many removed names come before a place of the whole list. */
async function removedBefore(
  directory: MergedDirectory,
  reading: Reading,
  offset: number,
  removed: number,
): Promise<number> {
  let low = 0;
  let high = removed;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [slot] = await directory.removed(reading, middle, 1);
    if (slot!.position + middle < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A regular file as it stands after a layer. */
async function findFile(stack: LayerStack, path: Buffer, upTo: number): Promise<EntryPlace> {
  const reading = new Reading();
  const { parent, name } = splitPath(path);
  const directory = await MergedDirectory.find(stack, reading, parent, upTo);
  const found = name.length === 0 ? undefined : await directory?.child(reading, name);
  if (found?.entry.kind !== 'file') throw noFile(path);
  return found.place;
}
