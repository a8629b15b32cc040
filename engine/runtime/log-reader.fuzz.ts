import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from './log-reader.ts';
import type { LogChunk } from './runtime.ts';

/**
 * Random logs, whole and damaged, read whole and by their tail. A whole log must come back byte for byte; of a damaged
 * one nothing is asked but that reading ends, with chunks that were written or the words for damage.
 */

/** Xorshift: the same rounds for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

interface WrittenChunk {
  stream: number;
  bytes: Buffer;
}

function encode({ stream, bytes }: WrittenChunk): Buffer {
  const frame = Buffer.alloc(20 + bytes.length);
  frame.writeUInt32LE(bytes.length, 0);
  frame[4] = stream;
  frame.writeBigUInt64LE(1n, 8);
  bytes.copy(frame, 16);
  frame.writeUInt32LE(bytes.length, 16 + bytes.length);
  return frame;
}

function randomChunk(random: (below: number) => number): WrittenChunk {
  const stream = 1 + random(3);
  const length = stream === 3 ? 0 : random(4) === 0 ? random(65_537) : random(40);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = random(5) === 0 ? 10 : 97 + random(26);
  return { stream, bytes };
}

function damage(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  const kind = random(4);
  if (kind === 0) return bytes.subarray(0, at);
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(random(64)), bytes.subarray(at)]);
  const copy = Buffer.from(bytes);
  if (kind === 2 && at < copy.length) copy[at] = random(256);
  if (kind === 3) copy.fill(random(2) * 255, at, Math.min(copy.length, at + random(64)));
  return copy;
}

async function read(directory: string, from: 'start' | { tailLines: number }): Promise<LogChunk[]> {
  const chunks: LogChunk[] = [];
  for await (const chunk of openLog(directory).read({ from })) chunks.push(chunk);
  return chunks;
}

const text = (chunks: { bytes: Uint8Array }[]) => Buffer.concat(chunks.map(({ bytes }) => bytes)).toString();

/** The last lines of a text as `--tail` counts them, where all of it is one stream's. */
function lastLines(all: string, count: number): string {
  const lines = all.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return count === 0 ? '' : lines.slice(-count).join('');
}

async function round(directory: string, random: (below: number) => number): Promise<void> {
  const oneStream = random(2) === 0;
  const segments = Array.from({ length: 1 + random(4) }, () =>
    Array.from({ length: random(12) }, () => randomChunk(random)).map((chunk) =>
      oneStream && chunk.stream === 2 ? { ...chunk, stream: 1 } : chunk,
    ),
  );
  const damaged = random(2) === 0;
  for (const [index, chunks] of segments.entries()) {
    const bytes = Buffer.concat(chunks.map(encode));
    await writeFile(join(directory, `${index + 1}.chunks`), damaged ? damage(bytes, random) : bytes);
  }
  const tailLines = random(30);
  if (damaged) {
    for (const from of ['start', { tailLines }] as const) {
      await read(directory, from).catch((error: Error) => {
        if (!error.message.startsWith('the log is damaged')) throw error;
      });
    }
    return;
  }
  const written = text(segments.flat());
  if (text(await read(directory, 'start')) !== written) throw new Error('other bytes than were written');
  const tail = text(await read(directory, { tailLines }));
  if (!written.endsWith(tail)) throw new Error(`a tail of ${tailLines} lines that is none`);
  if (oneStream && tail !== lastLines(written, tailLines))
    throw new Error(`a wrong tail of ${tailLines} lines`);
}

/** Rounds until `enough`; what fails tells seed and round. Returns how many rounds there were. */
export async function fuzzLogReader(options: {
  seed: number;
  enough: (rounds: number) => boolean;
}): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-log-fuzz-'));
  const random = generator(options.seed);
  let rounds = 0;
  try {
    for (; !options.enough(rounds); rounds++) {
      await rm(directory, { recursive: true });
      await mkdir(directory);
      await round(directory, random);
    }
    return rounds;
  } catch (error) {
    throw new Error(`seed ${options.seed}, round ${rounds}: ${String(error)}`, { cause: error });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
