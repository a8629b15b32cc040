import type { DirectoryRecord } from './layer-relation.ts';
import type { LayerStack, LeveledEntry } from './layer-stack.ts';
import type { Reading } from './reading.ts';

/** What lies below a directory when it and all below its layer are put together. */
export interface DirectoryTotals {
  bytes: number;
  files: number;
  childCount: number;
}

/** Totals of those entries that are directories, in the entries' order. */
export async function directoryTotals(
  stack: LayerStack,
  reading: Reading,
  found: readonly LeveledEntry[],
): Promise<(DirectoryTotals | undefined)[]> {
  const directories = found.filter(({ entry }) => entry.kind === 'directory');
  const places = directories.map(({ level, entry }) => ({ level, entry: entry.number }));
  const relations = await stack.relations(reading, places);
  const totals = new Map<LeveledEntry, DirectoryTotals>();
  await Promise.all(
    directories.map(async (directory, position) => {
      const { level, entry } = directory;
      const number = relations[position]!.directory;
      if (number === undefined) {
        totals.set(directory, { bytes: entry.size, files: entry.filesBelow, childCount: entry.childCount });
        return;
      }
      const [record] = await (await stack.relation(reading, level)).directories(reading, [number]);
      totals.set(directory, ofRecord(record!));
    }),
  );
  return found.map((one) => totals.get(one));
}

function ofRecord({ bytes, files, count }: DirectoryRecord): DirectoryTotals {
  return { bytes, files, childCount: count };
}
