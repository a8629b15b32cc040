import { createHash } from 'node:crypto';
import type { ByteSource } from './byte-source.ts';
import { damaged, type Reading } from './reading.ts';

/**
 * The index of one layer, as berth-unpack writes it (docs/layers.md): its entries breadth first, each directory's names
 * in byte order and side by side. Read by ranges; nothing of it is believed without a check.
 */

const headerBytes = 96;
const entryBytes = 64;
const slotBytes = 16;
const orderBytes = 4;
const magic = 'BERTHIX1';
/** Bytes of link target and xattrs that are shown of one entry. */
const extraLimit = 4200;
/** Bytes of an entry's extra that are fetched at first: most need no more. */
const extraGuess = 128;

/** What lies at a name, with the numbers of engine/native/unpack/tree.h. */
export const entryKinds = [
  'file',
  'directory',
  'symlink',
  'char',
  'block',
  'fifo',
  'whiteout',
  'socket',
] as const;
export type EntryKind = (typeof entryKinds)[number];

export interface IndexEntry {
  number: number;
  kind: EntryKind;
  /** A further name of a file whose first name has the number `firstChild`. */
  isLink: boolean;
  mode: number;
  uid: number;
  gid: number;
  /** Of a file its bytes, of a directory those of all files below. */
  size: number;
  mtime: number;
  mtimeNs: number;
  firstChild: number;
  childCount: number;
  /** Number of the directory that it lies in. */
  parent: number;
  filesBelow: number;
  opaque: boolean;
  /** Not named by the tar: a parent that had to be there. */
  implicit: boolean;
  nameOffset: number;
  nameLength: number;
  /** Place of target and xattrs among the extras; undefined: there are none. */
  extraOffset: number | undefined;
}

export interface EntryExtra {
  /** Of a symlink its target, of a further name the path of the first. */
  target: Buffer | undefined;
  xattrs: { name: string; value: Buffer }[];
  /** Nothing is missing. */
  whole: boolean;
}

interface IndexHeader {
  entries: number;
  slots: number;
  entriesOffset: number;
  orderOffset: number;
  slotsOffset: number;
  namesOffset: number;
  namesBytes: number;
  extrasOffset: number;
  extrasBytes: number;
  totalBytes: number;
  files: number;
  directories: number;
  whiteouts: number;
}

export class LayerIndex {
  readonly header: IndexHeader;
  readonly #source: ByteSource;
  constructor(source: ByteSource, header: IndexHeader) {
    this.#source = source;
    this.header = header;
  }

  static async open(source: ByteSource, reading: Reading): Promise<LayerIndex> {
    return new LayerIndex(source, parseHeader(await reading.read(source, 0, headerBytes)));
  }

  async entry(reading: Reading, number: number): Promise<IndexEntry> {
    const [entry] = await this.entries(reading, [number]);
    return entry!;
  }

  async entries(reading: Reading, numbers: readonly number[]): Promise<IndexEntry[]> {
    const ranges = numbers.map((number) => {
      if (number >= this.header.entries) throw damaged();
      return { offset: this.header.entriesOffset + number * entryBytes, length: entryBytes };
    });
    const parts = await reading.readAll(this.#source, ranges);
    return parts.map((bytes, index) => parseEntry(bytes, numbers[index]!));
  }

  /** Entries `first` to `first + count`, in one piece. */
  async range(reading: Reading, first: number, count: number): Promise<IndexEntry[]> {
    if (first + count > this.header.entries) throw damaged();
    const offset = this.header.entriesOffset + first * entryBytes;
    const bytes = await reading.read(this.#source, offset, count * entryBytes);
    return Array.from({ length: count }, (_, index) =>
      parseEntry(bytes.subarray(index * entryBytes, (index + 1) * entryBytes), first + index),
    );
  }

  async names(reading: Reading, entries: readonly IndexEntry[]): Promise<Buffer[]> {
    const ranges = entries.map(({ nameOffset, nameLength }) => {
      if (nameOffset + nameLength > this.header.namesBytes) throw damaged();
      return { offset: this.header.namesOffset + nameOffset, length: nameLength };
    });
    return await reading.readAll(this.#source, ranges);
  }

  /** Numbers of the entries at places `from` to `from + count` of a directory ordered by size, largest first. */
  async bySize(reading: Reading, directory: IndexEntry, from: number, count: number): Promise<number[]> {
    const first = directory.firstChild + from;
    if (first + count > this.header.entries) throw damaged();
    const bytes = await reading.read(
      this.#source,
      this.header.orderOffset + first * orderBytes,
      count * orderBytes,
    );
    return Array.from({ length: count }, (_, index) => bytes.readUInt32LE(index * orderBytes));
  }

  /** The directory at a path without leading slash; undefined when this layer has none there. */
  async directory(reading: Reading, path: Uint8Array): Promise<number | undefined> {
    const { slots, slotsOffset, entries } = this.header;
    const hash = createHash('sha256').update(path).digest();
    let slot = (hash.readUInt32BE(0) & (slots - 1)) >>> 0;
    for (let tried = 0; tried < slots; tried++) {
      const bytes = await reading.read(this.#source, slotsOffset + slot * slotBytes, slotBytes);
      const entry = bytes.readUInt32LE(12);
      if (entry === 0) return undefined;
      const same = [0, 4, 8].every((at) => bytes.readUInt32LE(at) === hash.readUInt32BE(at));
      if (same) {
        if (entry > entries) throw damaged();
        return entry - 1;
      }
      slot = ((slot + 1) & (slots - 1)) >>> 0;
    }
    return undefined;
  }

  /** Targets and xattrs as far as a first short read has them; `whole` tells whether that is all. */
  async extras(reading: Reading, entries: readonly IndexEntry[]): Promise<EntryExtra[]> {
    const ranges = entries.map((entry) => this.#extraRange(entry, extraGuess));
    const parts = await reading.readAll(this.#source, ranges);
    return parts.map((bytes) => (bytes.length === 0 ? noExtra : parseExtra(bytes)));
  }

  /** Target and xattrs of one entry; where they are more than a page can hold, the last xattrs are left out. */
  async wholeExtra(reading: Reading, entry: IndexEntry): Promise<EntryExtra> {
    const { offset, length } = this.#extraRange(entry, extraLimit);
    return length === 0 ? noExtra : parseExtra(await reading.read(this.#source, offset, length));
  }

  #extraRange({ extraOffset }: IndexEntry, length: number): { offset: number; length: number } {
    const { extrasOffset, extrasBytes } = this.header;
    if (extraOffset === undefined) return { offset: extrasOffset, length: 0 };
    if (extraOffset + 8 > extrasBytes) throw damaged();
    return { offset: extrasOffset + extraOffset, length: Math.min(length, extrasBytes - extraOffset) };
  }
}

const noExtra: EntryExtra = { target: undefined, xattrs: [], whole: true };

function parseHeader(bytes: Buffer): IndexHeader {
  if (bytes.toString('latin1', 0, 8) !== magic) throw damaged();
  const large = (at: number) => {
    const value = Number(bytes.readBigUInt64LE(at));
    if (!Number.isSafeInteger(value)) throw damaged();
    return value;
  };
  const header = {
    entries: bytes.readUInt32LE(8),
    slots: bytes.readUInt32LE(12),
    entriesOffset: large(16),
    slotsOffset: large(24),
    namesOffset: large(32),
    namesBytes: large(40),
    extrasOffset: large(48),
    extrasBytes: large(56),
    totalBytes: large(64),
    files: bytes.readUInt32LE(72),
    directories: bytes.readUInt32LE(76),
    orderOffset: large(80),
    whiteouts: large(88),
  };
  const { entries, slots } = header;
  if (entries === 0 || slots === 0 || (slots & (slots - 1)) !== 0) throw damaged();
  return header;
}

function parseEntry(bytes: Buffer, number: number): IndexEntry {
  const type = bytes.readUInt8(5);
  const kind = entryKinds[type & 0x7f];
  const size = Number(bytes.readBigUInt64LE(16));
  if (kind === undefined || (number > 0 && bytes.readUInt8(4) === 0)) throw damaged();
  const extra = bytes.readUInt32LE(44);
  const flags = bytes.readUInt32LE(56);
  return {
    number,
    kind,
    isLink: (type & 0x80) !== 0,
    mode: bytes.readUInt16LE(6),
    uid: bytes.readUInt32LE(8),
    gid: bytes.readUInt32LE(12),
    // A device's number stands where other entries have their size.
    size: kind === 'char' || kind === 'block' ? 0 : size,
    mtime: Number(bytes.readBigInt64LE(24)),
    mtimeNs: bytes.readUInt32LE(32),
    firstChild: bytes.readUInt32LE(36),
    childCount: bytes.readUInt32LE(40),
    parent: bytes.readUInt32LE(48),
    filesBelow: bytes.readUInt32LE(52),
    opaque: (flags & 1) !== 0,
    implicit: (flags & 2) !== 0,
    nameOffset: bytes.readUInt32LE(0),
    nameLength: bytes.readUInt8(4),
    extraOffset: extra === 0 ? undefined : extra - 1,
  };
}

/** Target and as many xattrs as the bytes hold. */
function parseExtra(bytes: Buffer): EntryExtra {
  const targetLength = bytes.readUInt32LE(0);
  const count = bytes.readUInt32LE(4);
  if (targetLength > 4095) throw damaged();
  if (8 + targetLength > bytes.length) return { target: undefined, xattrs: [], whole: false };
  const target = targetLength > 0 ? bytes.subarray(8, 8 + targetLength) : undefined;
  const xattrs: EntryExtra['xattrs'] = [];
  let at = 8 + targetLength;
  for (let taken = 0; taken < count; taken++) {
    if (at + 6 > bytes.length) return { target, xattrs, whole: false };
    const nameLength = bytes.readUInt16LE(at);
    const valueLength = bytes.readUInt32LE(at + 2);
    const value = at + 6 + nameLength;
    if (value + valueLength > bytes.length) return { target, xattrs, whole: false };
    xattrs.push({
      name: bytes.toString('utf8', at + 6, value),
      value: bytes.subarray(value, value + valueLength),
    });
    at = value + valueLength;
  }
  return { target, xattrs, whole: true };
}
