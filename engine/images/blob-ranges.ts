import { BerthError } from '../errors.ts';
import type { RegistryClient } from '../registry/client.ts';

/** A blob from here on is fetched in ranges of so many bytes, several at once: one connection seldom fills a line. */
const rangeBytes = 8 * 1024 * 1024;
/** Ranges in flight; what they hold in memory together is at most this many times rangeBytes. */
const parallelRanges = 3;
/** Broken connections in a row, without a byte between them, after which a range is given up. */
const maxFailures = 5;

export interface BlobSource {
  client: RegistryClient;
  digest: string;
  sizeBytes: number;
  signal: AbortSignal;
}

/**
 * The bytes of a blob from `start` on, in their order. Several ranges are on their way at once where the registry gives
 * ranges; a connection that breaks is taken up again where it broke.
 */
export async function* blobBytes(source: BlobSource, start: number): AsyncGenerator<Buffer> {
  const abort = new AbortController();
  const signal = AbortSignal.any([source.signal, abort.signal]);
  const ranges: Range[] = [];
  let next = start;
  const begin = (end: number) => {
    ranges.push(new Range({ ...source, signal }, { start: next, end }));
    next = end;
  };
  try {
    begin(Math.min(start + rangeBytes, source.sizeBytes));
    for (let range = ranges[0]; range !== undefined; range = ranges[0]) {
      for await (const chunk of range.chunks()) {
        // The first answer tells whether there are ranges here; without them it goes on to the end by itself.
        if (range.whole) {
          next = source.sizeBytes;
          ranges.splice(1);
        }
        while (next < source.sizeBytes && ranges.length < parallelRanges) {
          begin(Math.min(next + rangeBytes, source.sizeBytes));
        }
        yield chunk;
      }
      ranges.shift();
      if (ranges.length === 0 && next < source.sizeBytes)
        begin(Math.min(next + rangeBytes, source.sizeBytes));
    }
  } finally {
    abort.abort();
  }
}

/** One range on its way: read from the registry at once, given out when its turn comes. */
class Range {
  readonly #source: BlobSource;
  readonly #arrived: Buffer[] = [];
  #at: number;
  #end: number;
  #over = false;
  #error: unknown;
  #wake = () => {};
  /** The registry answered with the whole blob instead of the range. */
  whole = false;

  constructor(source: BlobSource, { start, end }: { start: number; end: number }) {
    this.#source = source;
    this.#at = start;
    this.#end = end;
    void this.#read();
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#arrived.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#over) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  async #read(): Promise<void> {
    try {
      for (let failures = 0; this.#at < this.#end; ) {
        const before = this.#at;
        try {
          await this.#readOnce();
          if (this.#at < this.#end) throw truncated(this.#source, this.#at);
        } catch (error) {
          if (!worthAnother(error, this.#source.signal)) throw error;
          failures = this.#at > before ? 0 : failures + 1;
          if (failures >= maxFailures || (this.#at === before && isTruncation(error))) throw error;
        }
      }
    } catch (error) {
      this.#error = error;
    }
    this.#over = true;
    this.#wake();
  }

  async #readOnce(): Promise<void> {
    const { client, digest, signal, sizeBytes } = this.#source;
    const toEnd = this.#end === sizeBytes;
    const { body, start, whole } = await client.blob(digest, {
      start: this.#at,
      ...(toEnd ? {} : { end: this.#end }),
      signal,
    });
    let skip = this.#at - start;
    if (whole && this.#end < sizeBytes) {
      this.whole = true;
      this.#end = sizeBytes;
    }
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        if (skip >= chunk.length) {
          skip -= chunk.length;
          continue;
        }
        const wanted = skip > 0 ? chunk.subarray(skip) : chunk;
        skip = 0;
        this.#at += wanted.length;
        if (this.#at > this.#end) throw tooLong(digest);
        this.#arrived.push(wanted);
        this.#wake();
      }
    } catch (error) {
      if (error instanceof BerthError) throw error;
      throw new BerthError('registry-unreachable', `reading ${digest}: unexpected EOF`, {}, { cause: error });
    }
  }
}

function worthAnother(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || !(error instanceof BerthError)) return false;
  return error.code === 'registry-unreachable' || isTruncation(error);
}

function isTruncation(error: unknown): boolean {
  return error instanceof BerthError && error.code === 'layer-truncated';
}

function truncated({ digest, sizeBytes }: BlobSource, have: number): BerthError {
  return new BerthError(
    'layer-truncated',
    `unexpected EOF: layer ${digest} has ${sizeBytes} bytes, ${have} arrived`,
    { expected: sizeBytes, actual: have },
  );
}

function tooLong(digest: string): BerthError {
  return new BerthError('digest-mismatch', `filesystem layer verification failed for digest ${digest}`, {
    expected: digest,
    actual: 'more bytes than the manifest says',
  });
}
