import { appendFile, mkdir, mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fuzzLogReader } from './log-reader.fuzz.ts';
import { openLog } from './log-reader.ts';
import type { LogChunk, LogReadOptions } from './runtime.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-log-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A chunk as the shim writes it (docs/shim-protocol.md). */
function chunk(text: string | Buffer, stream = 1, timeNs = 5n): Buffer {
  const bytes = Buffer.from(text);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(bytes.length, 0);
  header[4] = stream;
  header.writeBigUInt64LE(timeNs, 8);
  const trailer = Buffer.alloc(4);
  trailer.writeUInt32LE(bytes.length);
  return Buffer.concat([header, bytes, trailer]);
}
const append = (segment: number, ...chunks: Buffer[]) =>
  appendFile(join(directory, `${segment}.chunks`), Buffer.concat(chunks));

async function collect(options: LogReadOptions): Promise<LogChunk[]> {
  const chunks: LogChunk[] = [];
  for await (const entry of openLog(directory).read(options)) chunks.push(entry);
  return chunks;
}
const texts = (chunks: LogChunk[]) => chunks.map((entry) => Buffer.from(entry.bytes).toString());

/** The shim's side of following: `wake` is the LOG notice, `end` the end of the container. */
function writer() {
  const listeners = new Set<() => void>();
  const ended = Promise.withResolvers<void>();
  return {
    wake: () => {
      for (const listener of listeners) listener();
    },
    end: ended.resolve,
    listeners,
    follow: {
      onLog: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      ended: ended.promise,
    },
  };
}

test('chunks come with stream and time, over all segments, markers left out', async () => {
  await append(1, chunk('', 3), chunk('out\n', 1, 1_700_000_000_123_456_789n), chunk('err\n', 2));
  await append(2, chunk('later\n'));
  await append(10, chunk('last\n'));
  const chunks = await collect({ from: 'start' });
  expect(chunks[0]).toMatchObject({ stream: 'stdout', timeNs: 1_700_000_000_123_456_789n });
  expect(chunks[1]).toMatchObject({ stream: 'stderr' });
  expect(texts(chunks)).toEqual(['out\n', 'err\n', 'later\n', 'last\n']);
});

test('a log that is not there is empty', async () => {
  await rm(directory, { recursive: true });
  expect(await collect({ from: 'start' })).toEqual([]);
  expect(await collect({ from: { tailLines: 3 } })).toEqual([]);
  await mkdir(directory);
});

test.each([
  [1, 'five'],
  [2, 'four\nfive'],
  [3, 'three\nfour\nfive'],
  [4, 'two\nthree\nfour\nfive'],
  [9, 'one\ntwo\nthree\nfour\nfive'],
  [0, ''],
])('the last %i lines', async (tailLines, expected) => {
  await append(1, chunk('one\ntw'), chunk('o\n'));
  await append(2, chunk('', 3), chunk('three\nfour\n'), chunk('fi'), chunk('ve'));
  expect(texts(await collect({ from: { tailLines } })).join('')).toBe(expected);
});

test('lines of both streams are counted together', async () => {
  await append(1, chunk('a\n'), chunk('b\n', 2), chunk('c\n'), chunk('d\n', 2));
  expect(texts(await collect({ from: { tailLines: 2 } }))).toEqual(['c\n', 'd\n']);
});

test('a tail of many megabytes is found from the end', async () => {
  const line = `${'x'.repeat(99)}\n`;
  const many = Array.from({ length: 20_000 }, () => chunk(line));
  await append(1, ...many, chunk('marked\n'), ...many);
  const found = texts(await collect({ from: { tailLines: 20_001 } }));
  expect(found).toHaveLength(20_001);
  expect(found[0]).toBe('marked\n');
});

test('from the end only what is written afterwards is told', async () => {
  await append(1, chunk('old\n'));
  const source = writer();
  const reading = openLog(directory).read({ from: 'end', follow: source.follow });
  let first: string | undefined;
  void reading.next().then(({ value }) => {
    first = Buffer.from(value!.bytes).toString();
  });
  // The reader finds its place some time after it was started: written until it has told the first line.
  for (let line = 1; first === undefined; line++) {
    await append(1, chunk(`new ${line}\n`));
    source.wake();
  }
  expect(first).toMatch(/^new /);
  await reading.return(undefined);
});

test('following: what is written is told, across rotation, up to the end', async () => {
  await append(1, chunk('first\n'));
  const source = writer();
  const reading = openLog(directory).read({ from: 'start', follow: source.follow });
  expect(Buffer.from((await reading.next()).value!.bytes).toString()).toBe('first\n');
  const second = reading.next();
  await append(1, chunk('second\n'));
  source.wake();
  expect(Buffer.from((await second).value!.bytes).toString()).toBe('second\n');
  await append(2, chunk('third\n'));
  source.wake();
  expect(Buffer.from((await reading.next()).value!.bytes).toString()).toBe('third\n');
  await append(3, chunk('fourth\n'));
  source.end();
  expect(Buffer.from((await reading.next()).value!.bytes).toString()).toBe('fourth\n');
  expect(await reading.next()).toEqual({ done: true, value: undefined });
  expect(source.listeners.size).toBe(0);
});

test('rotation deletes a segment that a slow reader has not come to: its bytes are read all the same', async () => {
  await append(1, chunk('one\n'));
  await append(2, chunk('two\n'));
  const reading = openLog(directory).read({ from: 'start' });
  await reading.next();
  await rm(join(directory, '2.chunks'));
  expect(Buffer.from((await reading.next()).value!.bytes).toString()).toBe('two\n');
});

test('a chunk that is being written is waited for', async () => {
  const whole = chunk('complete\n');
  await append(1, chunk('before\n'), whole.subarray(0, 20));
  expect(texts(await collect({ from: 'start' }))).toEqual(['before\n']);
  expect(texts(await collect({ from: { tailLines: 1 } }))).toEqual(['before\n']);
  const source = writer();
  const reading = collect({ from: 'start', follow: source.follow });
  await append(1, whole.subarray(20));
  source.wake();
  source.end();
  expect(texts(await reading)).toEqual(['before\n', 'complete\n']);
});

test('a reader that does not follow stops where the log ended when it began', async () => {
  await append(1, chunk('a\n'));
  const reading = openLog(directory).read({ from: 'start' });
  await reading.next();
  await append(1, chunk('b\n'));
  expect((await reading.next()).done).toBe(true);
});

test('an abort ends a follower', async () => {
  await append(1, chunk('a\n'));
  const source = writer();
  const controller = new AbortController();
  const reading = openLog(directory).read({
    from: 'start',
    follow: source.follow,
    signal: controller.signal,
  });
  await reading.next();
  const rest = reading.next();
  controller.abort();
  expect((await rest).done).toBe(true);
});

test('the largest chunk and a damaged file', async () => {
  await append(1, chunk(Buffer.alloc(65_536, 'y')));
  expect((await collect({ from: 'start' }))[0]?.bytes).toHaveLength(65_536);
  await truncate(join(directory, '1.chunks'), 0);
  await append(1, Buffer.alloc(100, 0xff));
  await expect(collect({ from: 'start' })).rejects.toThrow('the log is damaged');
});

test('random logs come back as they were written; damaged ones end in words', async () => {
  const seed = Date.now() >>> 0;
  expect(await fuzzLogReader({ seed, enough: (rounds) => rounds === 200 })).toBe(200);
});
