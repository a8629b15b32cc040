import type { IndexEntry } from './layer-index.ts';
import type { DirectoryRecord, EntryPlace, LayerRelation, RemovedSlot } from './layer-relation.ts';
import { hidesContents, hidesEntry } from './layer-relation.ts';
import type { LayerStack } from './layer-stack.ts';
import type { Reading } from './reading.ts';

/**
 * A directory as it stands when the layers up to some level are put together. It was last written down by the topmost
 * of them that has it; later ones that do not touch it change nothing in it.
 */
export class MergedDirectory {
  readonly place: EntryPlace;
  readonly entry: IndexEntry;
  /** Live names. */
  readonly count: number;
  readonly #stack: LayerStack;
  readonly #relation: LayerRelation;
  readonly #record: DirectoryRecord | undefined;
  private constructor(options: {
    stack: LayerStack;
    place: EntryPlace;
    entry: IndexEntry;
    relation: LayerRelation;
    record: DirectoryRecord | undefined;
  }) {
    this.#stack = options.stack;
    this.#relation = options.relation;
    this.#record = options.record;
    this.place = options.place;
    this.entry = options.entry;
    this.count = options.record?.count ?? options.entry.childCount;
  }

  /** The directory whose latest version lies at `place`. */
  static async at(stack: LayerStack, reading: Reading, place: EntryPlace): Promise<MergedDirectory> {
    const entry = await stack.entry(reading, place);
    const relation = await stack.relation(reading, place.level);
    const [own] = await relation.relations(reading, [place.entry]);
    const number = own!.directory;
    const record = number === undefined ? undefined : (await relation.directories(reading, [number]))[0];
    return new MergedDirectory({ stack, place, entry, relation, record });
  }

  /** The directory of a cleaned path as it stands after `level`; undefined when there is none then. */
  static async find(
    stack: LayerStack,
    reading: Reading,
    path: Buffer,
    upTo: number,
  ): Promise<MergedDirectory | undefined> {
    for (let level = upTo; level >= 1; level--) {
      const entry = await (await stack.index(reading, level)).directory(reading, path);
      if (entry === undefined) continue;
      for (let later = level + 1; later <= upTo; later++) {
        const hides = await (await stack.relation(reading, later)).hides(reading, level, entry, 1);
        if (((hides.get(entry) ?? 0) & (hidesEntry | hidesContents)) !== 0) return undefined;
      }
      return await MergedDirectory.at(stack, reading, { level, entry });
    }
    return undefined;
  }

  /** Names that its layer took away from what was below. */
  get removedCount(): number {
    return this.#record?.removedCount ?? 0;
  }

  /** Bytes of all files below. */
  get bytes(): number {
    return this.#record?.bytes ?? this.entry.size;
  }

  get files(): number {
    return this.#record?.files ?? this.entry.filesBelow;
  }

  /** Live names at places `from` to `from + count`. */
  async places(
    reading: Reading,
    { from, count, sort }: { from: number; count: number; sort: 'name' | 'size' },
  ): Promise<EntryPlace[]> {
    const places = Array.from({ length: count }, (_, index) => from + index);
    const { level } = this.place;
    if (this.#record === undefined) {
      if (sort === 'name') return places.map((place) => ({ level, entry: this.entry.firstChild + place }));
      const index = await this.#stack.index(reading, level);
      const order = await index.bySize(reading, this.entry, from, count);
      return order.map((entry) => ({ level, entry }));
    }
    const slots = await this.#relation.slots(reading, this.#record, places);
    if (sort === 'name') return slots;
    return await this.#relation.slots(
      reading,
      this.#record,
      slots.map(({ bySize }) => bySize),
    );
  }

  async removed(reading: Reading, from: number, count: number): Promise<RemovedSlot[]> {
    if (this.#record === undefined) return [];
    return await this.#relation.removed(reading, this.#record, from, count);
  }

  /** The live version of a name, by halving. */
  async child(reading: Reading, name: Buffer): Promise<{ place: EntryPlace; entry: IndexEntry } | undefined> {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [place] = await this.places(reading, { from: middle, count: 1, sort: 'name' });
      const entry = await this.#stack.entry(reading, place!);
      const [found] = await this.#stack.names(reading, [{ level: place!.level, entry }]);
      const order = Buffer.compare(found!, name);
      if (order === 0) return { place: place!, entry };
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }
}
