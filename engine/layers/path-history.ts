import { HiddenBy } from './hidden-by.ts';
import type { IndexEntry, LayerIndex } from './layer-index.ts';
import { type LayerStack, splitPath } from './layer-stack.ts';
import type { PathVersion } from './layers.ts';
import type { Reading } from './reading.ts';
import { treeEntry } from './tree-page.ts';

/** What each layer of a stack has at a cleaned path, base first. */
export async function pathHistory(stack: LayerStack, reading: Reading, path: Buffer): Promise<PathVersion[]> {
  const { parent, name } = splitPath(path);
  const versions: PathVersion[] = [];
  for (let level = 1; level <= stack.height; level++) {
    const index = await stack.index(reading, level);
    const number = await index.directory(reading, parent);
    if (number === undefined) continue;
    const directory = await index.entry(reading, number);
    const entry = name.length === 0 ? directory : await childNamed(index, reading, directory, name);
    if (entry === undefined) continue;
    const [relation] = await stack.relations(reading, [{ level, entry: entry.number }]);
    const hidden = await HiddenBy.open(stack, reading, { level, entry: directory });
    const hiddenBy = (await hidden.find(reading, [entry.number])).get(entry.number);
    const { type, sizeBytes, mode, uid, gid, mtime } = treeEntry({ level, entry });
    versions.push({
      ...{ level, type, sizeBytes, mode, uid, gid, mtime, mark: relation!.mark },
      ...(hiddenBy === undefined ? {} : { hiddenBy }),
    });
  }
  return versions;
}

/** An entry of a directory by its name, by halving. */
async function childNamed(
  index: LayerIndex,
  reading: Reading,
  directory: IndexEntry,
  name: Buffer,
): Promise<IndexEntry | undefined> {
  let low = directory.firstChild;
  let high = low + directory.childCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = await index.entry(reading, middle);
    const [found] = await index.names(reading, [entry]);
    const order = found!.compare(name);
    if (order === 0) return entry;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}
