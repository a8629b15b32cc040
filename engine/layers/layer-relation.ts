import type { EntryMark } from '../api/layers.ts';
import type { ByteSource } from './byte-source.ts';
import { damaged, type Reading } from './reading.ts';

/**
 * How a layer stands to the layers below it, beside its index (docs/layers.md): what each entry stands upon, what the
 * directories that it shares with them hold after it, and what it hides. A layer is named by its chain, so these are
 * facts of the layer; `level` 1 is the base.
 */

export const relationMagic = 'BERTHRL1';
export const relationHeaderBytes = 64;
export const relationBytes = 12;
export const directoryBytes = 32;
export const slotBytes = 12;
export const removedBytes = 12;
export const hiddenBytes = 8;

export const marks = ['added', 'changed', 'removed', 'same'] as const satisfies EntryMark[];

/** An entry of the layer with this level. */
export interface EntryPlace {
  level: number;
  entry: number;
}

export interface EntryRelation {
  mark: EntryMark;
  /** The version that stood there before, hidden or added to by this one. */
  below: EntryPlace | undefined;
  /** Number of a directory's record; undefined: it holds exactly what the index says. */
  directory: number | undefined;
}

/** What a directory holds after the layer. */
export interface DirectoryRecord {
  /** Bytes and number of all files below. */
  bytes: number;
  files: number;
  /** Its live names: slots `first` to `first + count`. */
  first: number;
  count: number;
  /** Names that this layer took away. */
  removedFirst: number;
  removedCount: number;
}

/** A live name; `bySize` is the place in the directory of the name that stands here when ordered by size. */
export interface DirectorySlot extends EntryPlace {
  bySize: number;
}

/** A name that is gone: what stood there, and how many live names come before it. */
export interface RemovedSlot extends EntryPlace {
  position: number;
}

/** Bits of what a layer hides of an entry below it. */
export const hidesEntry = 1;
export const hidesContents = 2;

export interface RelationHeader {
  level: number;
  /** 0 where every entry is new and every directory holds what the index says. */
  relations: number;
  directories: number;
  slots: number;
  removedSlots: number;
  hidden: number;
  added: number;
  changed: number;
  removed: number;
}

export function relationLayout(header: RelationHeader) {
  const relations = relationHeaderBytes;
  const directories = relations + header.relations * relationBytes;
  const slots = directories + header.directories * directoryBytes;
  const removed = slots + header.slots * slotBytes;
  const table = removed + header.removedSlots * removedBytes;
  const hidden = table + (header.level + 1) * 4;
  return { relations, directories, slots, removed, table, hidden, end: hidden + header.hidden * hiddenBytes };
}

const fresh: EntryRelation = { mark: 'added', below: undefined, directory: undefined };

export class LayerRelation {
  readonly header: RelationHeader;
  readonly #source: ByteSource;
  readonly #at: ReturnType<typeof relationLayout>;
  constructor(source: ByteSource, header: RelationHeader) {
    this.#source = source;
    this.header = header;
    this.#at = relationLayout(header);
    if (this.#at.end > source.size) throw damaged();
  }

  static async open(source: ByteSource, reading: Reading): Promise<LayerRelation> {
    const bytes = await reading.read(source, 0, relationHeaderBytes);
    if (bytes.toString('latin1', 0, 8) !== relationMagic) throw damaged();
    const number = (index: number) => bytes.readUInt32LE(8 + index * 4);
    return new LayerRelation(source, {
      level: number(0),
      relations: number(1),
      directories: number(2),
      slots: number(3),
      removedSlots: number(4),
      hidden: number(5),
      added: number(6),
      changed: number(7),
      removed: number(8),
    });
  }

  async relations(reading: Reading, entries: readonly number[]): Promise<EntryRelation[]> {
    const { relations } = this.header;
    if (relations === 0) return entries.map(() => fresh);
    const ranges = entries.map((entry) => {
      if (entry >= relations) throw damaged();
      return { offset: this.#at.relations + entry * relationBytes, length: relationBytes };
    });
    const parts = await reading.readAll(this.#source, ranges);
    return parts.map((bytes) => this.#relation(bytes));
  }

  #relation(bytes: Buffer): EntryRelation {
    const level = bytes.readUInt16LE(0);
    const mark = marks[bytes.readUInt8(2)];
    const directory = bytes.readUInt32LE(8);
    if (mark === undefined || level >= this.header.level || directory > this.header.directories) {
      throw damaged();
    }
    return {
      mark,
      below: level === 0 ? undefined : { level, entry: bytes.readUInt32LE(4) },
      directory: directory === 0 ? undefined : directory - 1,
    };
  }

  async directories(reading: Reading, numbers: readonly number[]): Promise<DirectoryRecord[]> {
    const ranges = numbers.map((number) => ({
      offset: this.#at.directories + number * directoryBytes,
      length: directoryBytes,
    }));
    const parts = await reading.readAll(this.#source, ranges);
    return parts.map((bytes) => {
      const number = (index: number) => bytes.readUInt32LE(8 + index * 4);
      return {
        bytes: Number(bytes.readBigUInt64LE(0)),
        files: number(0),
        first: number(1),
        count: number(2),
        removedFirst: number(3),
        removedCount: number(4),
      };
    });
  }

  /** Live names of a directory, by their places in name order. */
  async slots(
    reading: Reading,
    record: DirectoryRecord,
    places: readonly number[],
  ): Promise<DirectorySlot[]> {
    const ranges = places.map((place) => {
      if (place >= record.count || record.first + record.count > this.header.slots) throw damaged();
      return { offset: this.#at.slots + (record.first + place) * slotBytes, length: slotBytes };
    });
    const parts = await reading.readAll(this.#source, ranges);
    return parts.map((bytes) => ({ ...this.#place(bytes), bySize: bytes.readUInt32LE(8) }));
  }

  async removed(
    reading: Reading,
    record: DirectoryRecord,
    from: number,
    count: number,
  ): Promise<RemovedSlot[]> {
    const first = record.removedFirst + from;
    if (from + count > record.removedCount || first + count > this.header.removedSlots) throw damaged();
    const bytes = await reading.read(
      this.#source,
      this.#at.removed + first * removedBytes,
      count * removedBytes,
    );
    return Array.from({ length: count }, (_, index) => {
      const part = bytes.subarray(index * removedBytes, (index + 1) * removedBytes);
      return { ...this.#place(part), position: part.readUInt32LE(8) };
    });
  }

  #place(bytes: Buffer): EntryPlace {
    const level = bytes.readUInt32LE(0);
    if (level === 0 || level > this.header.level) throw damaged();
    return { level, entry: bytes.readUInt32LE(4) };
  }

  /** What this layer hides among entries `first` to `first + count` of the layer with `level`: bits by entry. */
  async hides(reading: Reading, level: number, first: number, count: number): Promise<Map<number, number>> {
    const hidden = new Map<number, number>();
    if (this.header.hidden === 0 || level >= this.header.level) return hidden;
    const table = await reading.read(this.#source, this.#at.table + level * 4, 8);
    let low = table.readUInt32LE(0);
    const end = table.readUInt32LE(4);
    if (low > end || end > this.header.hidden) throw damaged();
    const record = async (from: number, to: number) =>
      await reading.read(this.#source, this.#at.hidden + from * hiddenBytes, (to - from) * hiddenBytes);
    // Narrowed down by halves until it is little to read.
    let high = end;
    while (high - low > 32) {
      const middle = (low + high) >>> 1;
      if ((await record(middle, middle + 1)).readUInt32LE(0) < first) low = middle + 1;
      else high = middle;
    }
    for (let from = low; from < end; from += 64) {
      const to = Math.min(end, from + 64);
      const bytes = await record(from, to);
      for (let at = 0; at < bytes.length; at += hiddenBytes) {
        const entry = bytes.readUInt32LE(at);
        if (entry >= first + count) return hidden;
        if (entry >= first) hidden.set(entry, bytes.readUInt32LE(at + 4));
      }
    }
    return hidden;
  }
}
