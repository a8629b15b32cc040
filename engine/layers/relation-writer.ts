import type { FileHandle } from 'node:fs/promises';
import type { EntryMark } from '../api/layers.ts';
import {
  type DirectoryRecord,
  type DirectorySlot,
  directoryBytes,
  type EntryRelation,
  hiddenBytes,
  marks,
  type RelationHeader,
  type RemovedSlot,
  relationBytes,
  relationHeaderBytes,
  relationLayout,
  relationMagic,
  removedBytes,
  slotBytes,
} from './layer-relation.ts';

/** Records of one size, one after the other. */
class Records {
  readonly #size: number;
  #bytes = Buffer.alloc(0);
  count = 0;
  constructor(size: number) {
    this.#size = size;
  }
  add(): Buffer {
    const start = this.count++ * this.#size;
    if (start + this.#size > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(4096, this.#bytes.length * 2));
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    return this.#bytes.subarray(start, start + this.#size);
  }
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.count * this.#size);
  }
}

/** Writes the file that LayerRelation reads. */
export class RelationWriter {
  readonly #file: FileHandle;
  readonly #level: number;
  readonly #entries: number;
  readonly #directories = new Records(directoryBytes);
  readonly #slots = new Records(slotBytes);
  readonly #removed = new Records(removedBytes);
  readonly #hidden: { level: number; entry: number; bits: number }[] = [];
  #unnamed = 0;
  readonly #counts = { changed: 0, removed: 0, same: 0 };
  constructor(options: { file: FileHandle; level: number; entries: number }) {
    this.#file = options.file;
    this.#level = options.level;
    this.#entries = options.entries;
  }

  /** The relations of entries side by side, from entry `first` on. */
  async relations(first: number, relations: readonly EntryRelation[]): Promise<void> {
    if (relations.length === 0) return;
    const bytes = Buffer.alloc(relations.length * relationBytes);
    for (const [index, { mark, below, directory }] of relations.entries()) {
      const at = index * relationBytes;
      bytes.writeUInt16LE(below?.level ?? 0, at);
      bytes.writeUInt8(marks.indexOf(mark), at + 2);
      bytes.writeUInt32LE(below?.entry ?? 0, at + 4);
      bytes.writeUInt32LE(directory === undefined ? 0 : directory + 1, at + 8);
      this.#count(mark);
    }
    await this.#file.write(bytes, 0, bytes.length, relationHeaderBytes + first * relationBytes);
  }

  #count(mark: EntryMark): void {
    if (mark !== 'added') this.#counts[mark]++;
  }

  /** A directory with its names; returns its number. */
  directory(options: {
    totals: Pick<DirectoryRecord, 'bytes' | 'files'>;
    live: readonly DirectorySlot[];
    removed: readonly RemovedSlot[];
    /** What an opaque directory takes away without naming it. */
    unnamed: number;
  }): number {
    const { totals, live, removed } = options;
    const record = this.#directories.add();
    record.writeBigUInt64LE(BigInt(totals.bytes), 0);
    const numbers = [totals.files, this.#slots.count, live.length, this.#removed.count, removed.length];
    for (const [index, number] of numbers.entries()) record.writeUInt32LE(number, 8 + index * 4);
    for (const { level, entry, bySize } of live) writeThree(this.#slots.add(), level, entry, bySize);
    for (const { level, entry, position } of removed) writeThree(this.#removed.add(), level, entry, position);
    this.#unnamed += options.unnamed;
    return this.#directories.count - 1;
  }

  hide(level: number, entry: number, bits: number): void {
    this.#hidden.push({ level, entry, bits });
  }

  /** Writes what stands behind the relations, and the header. */
  async finish(): Promise<void> {
    const { changed, removed, same } = this.#counts;
    const related = this.#level > 1 || this.#directories.count > 0;
    // Every entry that is not told stays as the file's zeros have it: added. The root is told, and no change.
    const header: RelationHeader = {
      level: this.#level,
      relations: related ? this.#entries : 0,
      directories: this.#directories.count,
      slots: this.#slots.count,
      removedSlots: this.#removed.count,
      hidden: this.#hidden.length,
      added: related ? this.#entries - changed - removed - same : this.#entries - 1,
      changed,
      removed: removed + this.#unnamed,
    };
    const layout = relationLayout(header);
    const tail = [this.#directories, this.#slots, this.#removed].map(({ bytes }) => bytes);
    const bytes = Buffer.concat([...tail, this.#hiddenTable()]);
    await this.#file.truncate(layout.end);
    await this.#file.write(bytes, 0, bytes.length, layout.directories);
    await this.#file.write(headerBytes(header), 0, relationHeaderBytes, 0);
  }

  /** Where each lower layer's hidden entries begin, then all of them in order. */
  #hiddenTable(): Buffer {
    const hidden = this.#hidden.sort((a, b) => a.level - b.level || a.entry - b.entry);
    const bytes = Buffer.alloc((this.#level + 1) * 4 + hidden.length * hiddenBytes);
    for (let level = 0, next = 0; level <= this.#level; level++) {
      while (next < hidden.length && hidden[next]!.level < level) next++;
      bytes.writeUInt32LE(next, level * 4);
    }
    for (const [index, { entry, bits }] of hidden.entries()) {
      const at = (this.#level + 1) * 4 + index * hiddenBytes;
      bytes.writeUInt32LE(entry, at);
      bytes.writeUInt32LE(bits, at + 4);
    }
    return bytes;
  }
}

function writeThree(bytes: Buffer, a: number, b: number, c: number): void {
  bytes.writeUInt32LE(a, 0);
  bytes.writeUInt32LE(b, 4);
  bytes.writeUInt32LE(c, 8);
}

function headerBytes(header: RelationHeader): Buffer {
  const { level, relations, directories, slots, removedSlots, hidden, added, changed, removed } = header;
  const bytes = Buffer.alloc(relationHeaderBytes);
  bytes.write(relationMagic, 'latin1');
  const numbers = [level, relations, directories, slots, removedSlots, hidden, added, changed, removed];
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, 8 + index * 4);
  return bytes;
}
