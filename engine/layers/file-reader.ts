import type { Writable } from 'node:stream';
import type { OpenedFile } from './layers.ts';
import { noFile } from './no-path.ts';
import { taskOutput } from './task-output.ts';
import { type OpenedReport, startUnpack } from './unpack-program.ts';

/**
 * Opens a regular file below a directory by a confined program, which alone walks the hostile tree: a link there leads
 * nowhere. Throws path-not-found.
 */
export async function readFileIn(options: {
  program: string;
  directory: string;
  /** Without leading slash. */
  path: Buffer;
}): Promise<OpenedFile> {
  const { program, directory, path } = options;
  if (path.length === 0 || path.includes(0)) throw noFile(path);
  const end = new AbortController();
  let tell: (file: OpenedReport) => void = () => {};
  const opened = new Promise<OpenedReport>((resolve) => {
    tell = resolve;
  });
  const task = startUnpack({ program, task: 'read', directory, signal: end.signal, onOpened: tell });
  const input = task.stdin!;
  input.write(Buffer.concat([path, Buffer.of(0)]));
  // Only an error can come before the file is open.
  const file = await Promise.race([opened, task.result.then(() => opened)]);
  const { sizeBytes, mtimeSeconds, mtimeNanoseconds } = file;
  return {
    sizeBytes,
    mtime: mtimeSeconds + mtimeNanoseconds / 1e9,
    stream: ({ start = 0, end: last = sizeBytes - 1 } = {}) => {
      askFor(input, start, Math.max(0, last + 1 - start));
      return taskOutput(task, end);
    },
    async close() {
      end.abort();
      await task.result.catch(() => {});
    },
  };
}

function askFor(input: Writable, offset: number, length: number): void {
  const range = Buffer.alloc(16);
  range.writeBigUInt64LE(BigInt(offset), 0);
  range.writeBigUInt64LE(BigInt(length), 8);
  input.end(range);
}
