import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/**
 * A gzip stream is a row of members, each a whole gzip file of its own: so blocks are compressed beside each other on
 * libuv's threads, and put together in their order (RFC 1952, 2.2; every registry client reads that).
 */
const blockBytes = 1024 * 1024;
/** Blocks at work at once; the threads have files to read and write too. */
const parallelBlocks = 3;
/** A third of the time of zlib's usual level, for blobs that are a tenth larger. */
const level = 1;
/** Of each block so much is tried first. What does not become smaller by a twentieth is stored as it is. */
const sampleBytes = 16 * 1024;
const worthwhile = 0.95;

const compress = promisify(gzip) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>;

/** The gzip form of a stream, in pieces of a block each. */
export async function* gzipBlocks(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const working: Promise<Buffer>[] = [];
  let empty = true;
  for await (const block of blocks(stream)) {
    empty = false;
    const work = compressBlock(block);
    // It is awaited in its turn; until then its failure must not count as unhandled.
    work.catch(() => {});
    working.push(work);
    const first = working.length >= parallelBlocks ? working.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const work of working) yield await work;
  if (empty) yield await compress(Buffer.alloc(0), { level });
}

async function compressBlock(block: Buffer): Promise<Buffer> {
  const sample = block.subarray(0, sampleBytes);
  const tried = await compress(sample, { level });
  return await compress(block, { level: tried.length > sample.length * worthwhile ? 0 : level });
}

/** The same bytes in blocks of one size, the last one shorter. */
async function* blocks(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let rest = chunk;
    while (length + rest.length >= blockBytes) {
      const cut = blockBytes - length;
      yield Buffer.concat([...gathered, rest.subarray(0, cut)]);
      rest = rest.subarray(cut);
      gathered = [];
      length = 0;
    }
    if (rest.length > 0) gathered.push(rest);
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(gathered);
}
