import { type FileHandle, open } from 'node:fs/promises';
import type { LogPart } from './driver.ts';

/** One answer's size; the reader asks again with a larger offset. */
const partBytes = 1024 * 1024;

/** Part of a growing file from an offset on; a missing file is an empty one. */
export async function readLogPart(file: string, offset: number): Promise<LogPart> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return { sizeBytes: 0, bytes: Buffer.alloc(0) };
  }
  try {
    const sizeBytes = (await handle.stat()).size;
    const buffer = Buffer.alloc(Math.max(0, Math.min(partBytes, sizeBytes - offset)));
    if (buffer.length === 0) return { sizeBytes, bytes: buffer };
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    return { sizeBytes, bytes: buffer.subarray(0, bytesRead) };
  } finally {
    await handle.close();
  }
}
