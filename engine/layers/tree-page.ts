import type { EntryMark, EntryType, TreeEntry, TreePage } from '../api/layers.ts';
import { directoryTotals } from './directory-totals.ts';
import type { EntryExtra, IndexEntry } from './layer-index.ts';
import type { EntryPlace, EntryRelation } from './layer-relation.ts';
import type { LayerStack, LeveledEntry } from './layer-stack.ts';
import type { TreeOptions } from './layers.ts';
import { pathName, xattrText } from './path-name.ts';
import { pageBytes, type Reading } from './reading.ts';

/** One line of a page before it is read: where its version lies. */
export interface PageRow {
  place: EntryPlace;
  /** A name that the layer took away: `place` is what stood there. */
  removed?: true;
}

/** How a view looks at its rows. */
export interface PageView {
  /** Whether a directory's sums are those of all layers up to its own, or of its own alone. */
  merged: boolean;
  /** The layer that hides entries of these places, where one does. */
  hiddenBy?(reading: Reading, places: EntryPlace[]): Promise<Map<number, number>>;
  /** Bytes that `hiddenBy` may read for one entry. */
  hiddenByBytes?: number;
  mark(place: EntryPlace, relation: EntryRelation): EntryMark;
}

/** Bytes that one row may cost before targets and xattrs: entry, relation, record, longest name. */
const rowBytes = 64 + 12 + 32 + 255 + 128;
/** Bytes that targets and xattrs of one row may take beyond what is read at first. */
const longExtraBytes = 4200;
const batchRows = 32;

/** Reads rows until they end or the bytes of a page do; at least one where there is one. */
export async function readRows(
  stack: LayerStack,
  reading: Reading,
  rows: readonly PageRow[],
  view: PageView,
): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const cost = rowBytes + (view.hiddenByBytes ?? 0);
  while (entries.length < rows.length) {
    const room = Math.floor((Math.min(reading.left, pageBytes) - longExtraBytes) / cost);
    if (room < 1 && entries.length > 0) break;
    const count = Math.max(1, Math.min(batchRows, room));
    const batch = rows.slice(entries.length, entries.length + count);
    const read = await readBatch(stack, reading, batch, view);
    entries.push(...read);
    if (read.length < batch.length) break;
  }
  return entries;
}

async function readBatch(
  stack: LayerStack,
  reading: Reading,
  rows: readonly PageRow[],
  view: PageView,
): Promise<TreeEntry[]> {
  const places = rows.map(({ place }) => place);
  const found = (await stack.entries(reading, places)).map((entry, index) => ({
    level: places[index]!.level,
    entry,
  }));
  const names = await stack.names(reading, found);
  const relations = await stack.relations(reading, places);
  const totals = view.merged ? await directoryTotals(stack, reading, found) : [];
  const hidden = await view.hiddenBy?.(reading, places);
  const entries: TreeEntry[] = [];
  for (const [index, one] of found.entries()) {
    const row = rows[index]!;
    const name = pathName(names[index]!);
    if (row.removed) {
      entries.push({ ...treeEntry(one), name, type: 'whiteout', sizeBytes: 0, mark: 'removed' });
      continue;
    }
    const hiddenBy = hidden?.get(row.place.entry);
    entries.push({
      ...treeEntry(one, totals[index]),
      name,
      mark: view.mark(row.place, relations[index]!),
      ...(hiddenBy === undefined ? {} : { hiddenBy }),
    });
  }
  return await withExtras(stack, reading, { entries, found, rows });
}

/** Adds targets and xattrs; ends before an entry whose own are too long for what is left. */
async function withExtras(
  stack: LayerStack,
  reading: Reading,
  batch: { entries: TreeEntry[]; found: LeveledEntry[]; rows: readonly PageRow[] },
): Promise<TreeEntry[]> {
  const { entries, found, rows } = batch;
  const extras = await stack.extras(reading, found);
  const done: TreeEntry[] = [];
  for (const [index, entry] of entries.entries()) {
    if (rows[index]!.removed) {
      done.push(entry);
      continue;
    }
    let extra = extras[index]!;
    if (!extra.whole) {
      if (done.length > 0 && reading.left < longExtraBytes) break;
      extra = await stack.wholeExtra(reading, found[index]!);
    }
    done.push({ ...entry, ...extraFields(found[index]!.entry, extra) });
  }
  return done;
}

/** The answer around a page's entries. */
export function page(
  { path, offset }: TreeOptions,
  entries: TreeEntry[],
  total: number,
  reading: Reading,
): TreePage {
  return { path: pathName(path), entries, total, offset, indexBytesRead: reading.bytesRead };
}

/** The fields that lie in the index itself. */
export function treeEntry(
  { level, entry }: LeveledEntry,
  totals?: { bytes: number; childCount: number },
): Omit<TreeEntry, 'name' | 'mark'> {
  return {
    type: entryType(entry),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    sizeBytes: totals?.bytes ?? entry.size,
    mtime: entry.mtime + entry.mtimeNs / 1e9,
    layer: level,
    ...(entry.kind === 'directory' ? { childCount: totals?.childCount ?? entry.childCount } : {}),
  };
}

export function entryType(entry: IndexEntry): EntryType {
  return entry.isLink ? 'hardlink' : entry.kind;
}

export function extraFields(entry: IndexEntry, extra: EntryExtra): Pick<TreeEntry, 'linkTarget' | 'xattrs'> {
  const { target, xattrs } = extra;
  const text = target === undefined ? undefined : pathName(target).text;
  return {
    ...(text === undefined ? {} : { linkTarget: entry.isLink ? `/${text}` : text }),
    ...(xattrs.length === 0
      ? {}
      : { xattrs: Object.fromEntries(xattrs.map(({ name, value }) => [name, xattrText(value)])) }),
  };
}
