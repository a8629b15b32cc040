import { type FileHandle, open } from 'node:fs/promises';

/** Bytes that can be read anywhere: a file, or what a program has said. */
export interface ByteSource {
  readonly size: number;
  /** Fills the whole buffer from `offset` on; the caller has checked that it lies inside. */
  fill(buffer: Buffer, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file for reading at places. */
export async function openFileBytes(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return new FileBytes(handle, size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class FileBytes implements ByteSource {
  readonly size: number;
  readonly #handle: FileHandle;
  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }
  async fill(buffer: Buffer, offset: number): Promise<void> {
    for (let done = 0; done < buffer.length; ) {
      const { bytesRead } = await this.#handle.read(buffer, done, buffer.length - done, offset + done);
      if (bytesRead === 0) throw new Error('the file has become shorter');
      done += bytesRead;
    }
  }
  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** The same over bytes in memory. */
export function memoryBytes(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    async fill(buffer, offset) {
      bytes.copy(buffer, 0, offset, offset + buffer.length);
    },
    async close() {},
  };
}
