import type { TreeEntry } from '../../engine/api/layers.ts';
import { childPath, rootPath, type TreePath } from './tree-path.ts';
import type { TreeSource } from './tree-source.ts';

/** What to look for in a tree: parts of names, globs, and a least size. */
export interface PathQuery {
  /** Lower-case; all must match the path. Without a `*` any part of the path will do. */
  patterns: readonly RegExp[];
  minimumBytes: number;
}

const units: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

function pattern(word: string): RegExp {
  const source = word
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  // `*.map` means names that end so; `map` means anywhere.
  return new RegExp(/[*?]/.test(word) ? `(^|/)${source}$` : source, 'i');
}

/** Reads "*.map >10MB"; null for an empty query. */
export function parsePathQuery(text: string): PathQuery | null {
  const words = text.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  let minimumBytes = 0;
  const patterns: RegExp[] = [];
  for (const word of words) {
    const size = /^[>＞](\d+(?:\.\d+)?)([kmg]?)i?b?$/i.exec(word);
    if (size) minimumBytes = Number(size[1]) * units[size[2]!.toLowerCase()]!;
    else patterns.push(pattern(word));
  }
  return { patterns, minimumBytes };
}

export interface FoundPath {
  path: TreePath;
  entry: TreeEntry;
}

export interface FindProgress {
  found: readonly FoundPath[];
  /** Directories looked into. */
  looked: number;
  finished: boolean;
  /** There are more than are shown. */
  cut: boolean;
}

/** More results than anybody reads; a narrower query finds the rest. */
const mostFound = 500;
const mostDirectories = 20_000;
/** Directories between two reports. */
const reportEvery = 20;

/** Walks a tree for a query, largest directories first; directories too small for the size asked for are left out. */
export async function* findPaths(
  source: TreeSource,
  query: PathQuery,
  signal: AbortSignal,
): AsyncGenerator<FindProgress> {
  const found: FoundPath[] = [];
  const queue: TreePath[] = [rootPath];
  let looked = 0;
  let cut = false;
  const progress = (finished: boolean): FindProgress => ({
    found: found.toSorted((a, b) => b.entry.sizeBytes - a.entry.sizeBytes),
    looked,
    finished,
    cut,
  });
  walk: for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    if (looked++ >= mostDirectories) {
      cut = true;
      break;
    }
    for (let offset = 0; ; ) {
      const page = await source.page(parent, { offset, sort: 'size', signal });
      for (const entry of page.entries) {
        if (entry.sizeBytes < query.minimumBytes) continue;
        const path = childPath(parent, entry.name);
        if (entry.type === 'directory' && entry.mark !== 'removed') queue.push(path);
        const isWanted = query.patterns.every((part) => part.test(path.text));
        if (!isWanted || (entry.type === 'directory' && query.patterns.length === 0)) continue;
        found.push({ path, entry });
        if (found.length < mostFound) continue;
        cut = true;
        break walk;
      }
      offset += page.entries.length;
      if (page.entries.length === 0 || offset >= page.total) break;
    }
    if (looked % reportEvery === 0) yield progress(false);
  }
  yield progress(true);
}
