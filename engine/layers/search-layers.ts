import type { EntryType } from '../api/layers.ts';
import { HiddenBy } from './hidden-by.ts';
import type { IndexEntry } from './layer-index.ts';
import type { LayerStack } from './layer-stack.ts';
import type { FoundEntry } from './layers.ts';
import { Reading } from './reading.ts';
import { entryType } from './tree-page.ts';

/** Entries read at a time: half a megabyte of index, and others get their turn in between. */
const chunkEntries = 4096;

export interface SearchOptions {
  /** `*` and `?` within a part of the path, `**` over parts; without a slash any name that matches. */
  glob: string;
  minBytes: number;
  type?: EntryType;
  /** Entries that are told, the largest; all are counted. */
  limit: number;
}

interface Match {
  level: number;
  entry: IndexEntry;
  /** Its bytes as latin-1 text. */
  path: string;
}

/** Entries of all layers whose path matches, each layer's own version by itself. */
export async function searchLayers(
  stack: LayerStack,
  options: SearchOptions,
): Promise<{ found: FoundEntry[]; total: number }> {
  const reading = new Reading();
  const search = new Search(options);
  for (let level = 1; level <= stack.height; level++) await search.layer(stack, reading, level);
  const found = await Promise.all(
    search.largest().map(async ({ level, entry, path }): Promise<FoundEntry> => {
      const directory = await stack.entry(reading, { level, entry: entry.parent });
      const hidden = await HiddenBy.open(stack, reading, { level, entry: directory });
      const hiddenBy = (await hidden.find(reading, [entry.number])).get(entry.number);
      return {
        path: Buffer.from(path, 'latin1'),
        level,
        type: entryType(entry),
        sizeBytes: entry.size,
        ...(hiddenBy === undefined ? {} : { hiddenBy }),
      };
    }),
  );
  return { found, total: search.total };
}

class Search {
  readonly #options: SearchOptions;
  readonly #pattern: RegExp;
  #matches: Match[] = [];
  total = 0;
  constructor(options: SearchOptions) {
    this.#options = options;
    this.#pattern = globPattern(options.glob);
  }

  async layer(stack: LayerStack, reading: Reading, level: number): Promise<void> {
    const index = await stack.index(reading, level);
    // Parents come before their entries.
    const directories = new Map<number, string>([[0, '']]);
    for (let from = 1; from < index.header.entries; from += chunkEntries) {
      const count = Math.min(chunkEntries, index.header.entries - from);
      const entries = await index.range(reading, from, count);
      const names = await index.names(reading, entries);
      for (const [position, entry] of entries.entries()) {
        const path = `${directories.get(entry.parent) ?? ''}/${names[position]!.toString('latin1')}`;
        if (entry.kind === 'directory') directories.set(entry.number, path);
        this.#take({ level, entry, path });
      }
    }
  }

  #take(match: Match): void {
    const { minBytes, type, limit } = this.#options;
    if (match.entry.size < minBytes || (type !== undefined && entryType(match.entry) !== type)) return;
    if (!this.#pattern.test(match.path)) return;
    this.total++;
    this.#matches.push(match);
    if (this.#matches.length > 2 * limit) this.#matches = this.largest();
  }

  largest(): Match[] {
    return this.#matches.toSorted((a, b) => b.entry.size - a.entry.size).slice(0, this.#options.limit);
  }
}

/** The pattern of a glob, over the latin-1 text of a path's bytes. */
function globPattern(glob: string): RegExp {
  const text = Buffer.from(glob).toString('latin1');
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+|\?/g, (found) => (found.length > 1 ? '.*' : found === '*' ? '[^/]*' : '[^/]'));
  const start = text.startsWith('/') ? '^' : '/';
  return new RegExp(`${start}${source}$`, 's');
}
