import { Readable } from 'node:stream';
import { BerthError } from '../errors.ts';

/**
 * The outer tar of `docker save` and of OCI layouts: names and sizes of blobs, no more. (Tars of layers are never read
 * here: berth-unpack does that.)
 */
export interface ArchiveEntry {
  /** Without leading `./` and `/`; never leads upwards. */
  name: string;
  type: 'file' | 'link' | 'other';
  /** Target of a link, as a name of the archive. */
  target: string;
  sizeBytes: number;
  /** The contents; what is not read is skipped. */
  body: AsyncGenerator<Buffer>;
}

const blockBytes = 512;
const longNameLimit = 1024 * 1024;

/** Entries of a plain tar, in their order. Throws archive-invalid. */
export async function* archiveEntries(stream: AsyncIterable<Buffer>): AsyncGenerator<ArchiveEntry> {
  const input = new Chunks(stream);
  let longName: string | undefined;
  let longLink: string | undefined;
  let paxSize: number | undefined;
  for (;;) {
    const header = await input.exactly(blockBytes, true);
    if (header === undefined || header.every((byte) => byte === 0)) break;
    checkSum(header);
    const type = String.fromCharCode(header[156]!);
    const size = paxSize ?? numberField(header, 124, 12);
    const special = type === 'L' || type === 'K' || type === 'x' || type === 'g';
    if (special) {
      if (size > longNameLimit) throw invalid('header field too long');
      const bytes = await input.exactly(size);
      await input.skip(padding(size));
      if (type === 'L') longName = text(bytes, 0, size);
      else if (type === 'K') longLink = text(bytes, 0, size);
      else if (type === 'x') {
        const records = paxRecords(bytes);
        longName = records.get('path') ?? longName;
        longLink = records.get('linkpath') ?? longLink;
        paxSize = records.has('size') ? Number(records.get('size')) : undefined;
      }
      continue;
    }
    const name = cleanName(longName ?? headerName(header));
    const link = longLink ?? text(header, 157, 100);
    longName = longLink = paxSize = undefined;
    const isFile = type === '0' || type === '\0' || type === '7';
    const bodySize = isFile ? size : 0;
    const body = input.body(bodySize);
    yield {
      name,
      type: isFile ? 'file' : type === '1' || type === '2' ? 'link' : 'other',
      target:
        type === '2' ? cleanName(`${name.slice(0, name.lastIndexOf('/') + 1)}${link}`) : cleanName(link),
      sizeBytes: bodySize,
      body,
    };
    for await (const _ of body);
    await input.skip(padding(bodySize));
  }
  await input.drain();
}

function invalid(detail: string): BerthError {
  return new BerthError('archive-invalid', `archive/tar: ${detail}`, { detail });
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  return block.toString('utf8', start, end < 0 || end > start + length ? start + length : end);
}

function numberField(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  if (field[0]! & 0x80) {
    let value = BigInt(field[0]! & 0x7f);
    for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('invalid tar header');
    return Number(value);
  }
  const digits = text(block, start, length).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw invalid('invalid tar header');
  return Number.parseInt(digits, 8);
}

function checkSum(block: Buffer): void {
  const stored = numberField(block, 148, 8);
  let sum = 0;
  for (let at = 0; at < blockBytes; at++) sum += at >= 148 && at < 156 ? 0x20 : block[at]!;
  if (stored !== sum) throw invalid('invalid tar header');
}

function headerName(block: Buffer): string {
  const name = text(block, 0, 100);
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? text(block, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space < 0 || !(length > 0) || at + length > bytes.length) throw invalid('invalid tar header');
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** Cleans a path of the archive; one that leads out of it is refused. */
export function cleanName(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw invalid(`invalid path ${JSON.stringify(name)}`);
  }
  return parts.join('/');
}

/** Bytes out of a stream in the pieces that a tar has. */
class Chunks {
  readonly #iterator: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  constructor(stream: AsyncIterable<Buffer>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  async #some(): Promise<Buffer | undefined> {
    while (this.#held.length === 0) {
      const next = await this.#iterator.next();
      if (next.done) return undefined;
      this.#held = next.value;
    }
    return this.#held;
  }

  /** Exactly so many bytes; undefined at the very end where that is allowed. */
  async exactly(length: number): Promise<Buffer>;
  async exactly(length: number, mayEnd: true): Promise<Buffer | undefined>;
  async exactly(length: number, mayEnd = false): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const held = await this.#some();
      if (held === undefined) {
        if (mayEnd && missing === length) return undefined;
        throw invalid('unexpected EOF');
      }
      const piece = held.subarray(0, missing);
      this.#held = held.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  async *body(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      const held = await this.#some();
      if (held === undefined) throw invalid('unexpected EOF');
      const piece = held.subarray(0, left);
      this.#held = held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async skip(length: number): Promise<void> {
    for await (const _ of this.body(length));
  }

  async drain(): Promise<void> {
    for (;;) {
      this.#held = Buffer.alloc(0);
      if ((await this.#some()) === undefined) return;
    }
  }
}

/** One header block of a plain file or directory, for `docker save`. */
export function archiveHeader(entry: {
  name: string;
  directory?: boolean;
  sizeBytes: number;
  /** Seconds since the epoch. */
  mtime: number;
}): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number) =>
    block.write(`${Math.max(0, value).toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  block.write(entry.name, 0, 100, 'utf8');
  octal(entry.directory ? 0o755 : 0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  if (entry.sizeBytes < 8 ** 11) octal(entry.sizeBytes, 124, 11);
  else {
    block.writeBigUInt64BE(BigInt(entry.sizeBytes), 128);
    block[124] = 0x80;
  }
  octal(entry.mtime, 136, 11);
  block.write(entry.directory ? '5' : '0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(0, 329, 7);
  octal(0, 337, 7);
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Zeros after a file of this size, up to the next block. */
export function archivePadding(sizeBytes: number): Buffer {
  return Buffer.alloc(padding(sizeBytes));
}

/** The two empty blocks at the end. */
export const archiveEnd = Buffer.alloc(2 * blockBytes);

/** A stream of what a generator makes, for answers. */
export function streamOf(chunks: AsyncGenerator<Buffer>): Readable {
  return Readable.from(chunks, { objectMode: false });
}
