import { BerthError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

export interface ByteRange {
  offset: number;
  length: number;
}

/** Bytes of index that one page may read. */
export const pageBytes = 64 * 1024;

/** Reads of one answer, with what they came to: what an answer may cost is counted in bytes of index. */
export class Reading {
  #bytes = 0;
  readonly #limit: number;
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  get bytesRead(): number {
    return this.#bytes;
  }

  /** Bytes that may still be read. */
  get left(): number {
    return this.#limit - this.#bytes;
  }

  /** Throws layer-invalid where the file is shorter than it says. */
  async read(source: ByteSource, offset: number, length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > source.size) {
      throw damaged();
    }
    this.#bytes += length;
    const buffer = Buffer.allocUnsafe(length);
    await source.fill(buffer, offset);
    return buffer;
  }

  /**
   * Several ranges, in the order they are asked for; those that touch or overlap are read together, so that no byte
   * is read twice.
   */
  async readAll(source: ByteSource, ranges: readonly ByteRange[]): Promise<Buffer[]> {
    const order = ranges.map((_, index) => index).sort((a, b) => ranges[a]!.offset - ranges[b]!.offset);
    const result = new Array<Buffer>(ranges.length);
    const reads: Promise<void>[] = [];
    for (let from = 0; from < order.length; ) {
      const { offset } = ranges[order[from]!]!;
      let end = offset;
      let to = from;
      for (; to < order.length && ranges[order[to]!]!.offset <= end; to++) {
        const range = ranges[order[to]!]!;
        end = Math.max(end, range.offset + range.length);
      }
      const group = order.slice(from, to);
      reads.push(
        this.read(source, offset, end - offset).then((bytes) => {
          for (const index of group) {
            const range = ranges[index]!;
            result[index] = bytes.subarray(range.offset - offset, range.offset - offset + range.length);
          }
        }),
      );
      from = to;
    }
    await Promise.all(reads);
    return result;
  }
}

/** An index that contradicts itself: it was written by a program that reads hostile bytes, so nothing is believed. */
export function damaged(): BerthError {
  return new BerthError('layer-invalid', 'the index of a layer is damaged', { detail: 'index' });
}
