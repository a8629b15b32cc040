import type { IndexEntry } from './layer-index.ts';
import { hidesContents, hidesEntry, type LayerRelation } from './layer-relation.ts';
import type { LayerStack } from './layer-stack.ts';
import type { Reading } from './reading.ts';

/** A later layer hides at most so many of a directory's entries as are read at once. */
const fewEntries = 256;
/** Bytes that looking for one entry among many hidden ones takes. */
const searchBytes = 24 * 8 + 64 * 8;

interface Later {
  level: number;
  relation: LayerRelation;
  /** Bits by entry, where they are few. */
  known: Map<number, number> | undefined;
}

/** Which later layer hides the entries of one directory of one layer. */
export class HiddenBy {
  /** The layer that hides all that the directory holds. */
  readonly whole: number | undefined;
  readonly #level: number;
  readonly #later: Later[];
  private constructor(level: number, whole: number | undefined, later: Later[]) {
    this.#level = level;
    this.whole = whole;
    this.#later = later;
  }

  static async open(
    stack: LayerStack,
    reading: Reading,
    directory: { level: number; entry: IndexEntry },
  ): Promise<HiddenBy> {
    const { level, entry } = directory;
    const later: Later[] = [];
    for (let above = level + 1; above <= stack.height; above++) {
      const relation = await stack.relation(reading, above);
      if (relation.header.hidden === 0) continue;
      const own = await relation.hides(reading, level, entry.number, 1);
      if (((own.get(entry.number) ?? 0) & hidesContents) !== 0) return new HiddenBy(level, above, later);
      const few = entry.childCount <= fewEntries || relation.header.hidden <= fewEntries;
      const known = few
        ? await relation.hides(reading, level, entry.firstChild, entry.childCount)
        : undefined;
      if (known?.size !== 0) later.push({ level: above, relation, known });
    }
    return new HiddenBy(level, undefined, later);
  }

  /** Bytes that one entry may take to look up. */
  get bytesPerEntry(): number {
    return this.#later.filter(({ known }) => known === undefined).length * searchBytes;
  }

  /** The first layer that hides each of the entries. */
  async find(reading: Reading, entries: readonly number[]): Promise<Map<number, number>> {
    const found = new Map<number, number>();
    for (const { level, relation, known } of this.#later) {
      for (const entry of entries) {
        if (found.has(entry)) continue;
        const bits = known ?? (await relation.hides(reading, this.#level, entry, 1));
        if (((bits.get(entry) ?? 0) & hidesEntry) !== 0) found.set(entry, level);
      }
    }
    if (this.whole === undefined) return found;
    for (const entry of entries) if (!found.has(entry)) found.set(entry, this.whole);
    return found;
  }
}
