import type { EntryMark, TreeEntry } from '../../engine/api/layers.ts';
import { childPath, pathKey, rootPath, type TreePath } from './tree-path.ts';

/** A directory's entries as far as they were read. */
export interface Directory {
  entries: readonly TreeEntry[];
  total: number;
  loading: boolean;
  error: unknown;
}

export interface TreeState {
  directories: ReadonlyMap<string, Directory>;
  /** Keys of unfolded directories. */
  expanded: ReadonlySet<string>;
  /** Keys of directories whose small entries are shown too. */
  unfoldedRests: ReadonlySet<string>;
}

export type TreeRow =
  | { kind: 'entry'; key: string; path: TreePath; entry: TreeEntry; level: number; expanded?: boolean }
  /** Entries that are too small to be shown one by one, or not read yet. */
  | { kind: 'rest'; key: string; parent: TreePath; level: number; count: number; sizeBytes: number }
  | { kind: 'loading'; key: string; level: number }
  | { kind: 'error'; key: string; parent: TreePath; level: number; error: unknown }
  | { kind: 'empty'; key: string; level: number };

/** Entries below this part of the layer fold into one row, once a directory has many. */
const smallShare = 0.01;
const manyEntries = 20;

export interface RowOptions {
  marks: ReadonlySet<EntryMark>;
  /** What shares are taken of. */
  totalBytes: number;
  /** Small entries fold only where the largest come first. */
  foldSmall: boolean;
}

function isShown(entry: TreeEntry, marks: ReadonlySet<EntryMark>): boolean {
  // Unchanged directories lead to changed entries.
  if (entry.type === 'directory' && entry.mark !== 'removed') return true;
  return marks.has(entry.mark);
}

/** The tree's visible rows, from the root down. */
export function treeRows(state: TreeState, options: RowOptions): TreeRow[] {
  const rows: TreeRow[] = [];
  const walk = (parent: TreePath, parentBytes: number, level: number) => {
    const parentKey = pathKey(parent);
    const directory = state.directories.get(parentKey);
    if (!directory) {
      rows.push({ kind: 'loading', key: `${parentKey} loading`, level });
      return;
    }
    const unfolded = state.unfoldedRests.has(parentKey);
    let shownBytes = 0;
    let shown = 0;
    let hidden = 0;
    for (const [index, entry] of directory.entries.entries()) {
      if (!isShown(entry, options.marks)) {
        hidden++;
        continue;
      }
      const small =
        options.foldSmall &&
        !unfolded &&
        index >= manyEntries &&
        entry.sizeBytes < options.totalBytes * smallShare &&
        entry.mark !== 'removed';
      if (small) break;
      const path = childPath(parent, entry.name);
      const key = pathKey(path);
      const isDirectory = entry.type === 'directory' && entry.mark !== 'removed';
      const expanded = state.expanded.has(key);
      rows.push({ kind: 'entry', key, path, entry, level, ...(isDirectory ? { expanded } : {}) });
      shownBytes += entry.sizeBytes;
      shown++;
      if (isDirectory && expanded) walk(path, entry.sizeBytes, level + 1);
    }
    rest(parent, directory, level, directory.total - shown - hidden, parentBytes - shownBytes);
  };
  const rest = (parent: TreePath, directory: Directory, level: number, count: number, bytes: number) => {
    const key = pathKey(parent);
    if (directory.error !== null)
      rows.push({ kind: 'error', key: `${key} error`, parent, level, error: directory.error });
    else if (directory.loading) rows.push({ kind: 'loading', key: `${key} loading`, level });
    else if (count > 0)
      rows.push({ kind: 'rest', key: `${key} rest`, parent, level, count, sizeBytes: Math.max(0, bytes) });
    else if (directory.total === 0) rows.push({ kind: 'empty', key: `${key} empty`, level });
  };
  walk(rootPath, options.totalBytes, 1);
  return rows;
}
