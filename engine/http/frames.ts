import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Length of the header before each frame of a multiplexed stream. */
const headerBytes = 8;

export const multiplexed = 'application/vnd.docker.multiplexed-stream';
export const rawStream = 'application/vnd.docker.raw-stream';

const numbers = { stdin: 0, stdout: 1, stderr: 2 };

/** One frame of Docker's multiplexed stream ("stdcopy"): stream number, three zeros, big-endian length, bytes. */
export function frame(stream: keyof typeof numbers, bytes: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(headerBytes + bytes.length);
  framed.writeUInt32BE(numbers[stream] * 0x1000000, 0);
  framed.writeUInt32BE(bytes.length, 4);
  framed.set(bytes, headerBytes);
  return framed;
}

/** Writes and waits where the reader is slow. False when it has gone. */
export async function writeSlowly(target: Writable, bytes: Uint8Array): Promise<boolean> {
  if (target.destroyed || target.writableEnded) return false;
  if (target.write(bytes)) return true;
  const closed = new AbortController();
  const onClose = () => closed.abort();
  target.once('close', onClose);
  try {
    await once(target, 'drain', { signal: closed.signal });
    return true;
  } catch {
    return false;
  } finally {
    target.off('close', onClose);
  }
}
