import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';

export interface Segment {
  number: number;
  file: FileHandle;
}

/**
 * The segments of a log, oldest first, each opened once and kept open until it is read: rotation may delete a file
 * that a reader has not come to yet, and its bytes stay.
 */
export class LogSegments {
  readonly open: Segment[] = [];
  #directory: string;
  #last = 0;
  #refreshing: Promise<void> | undefined;
  #again = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Opens what has appeared. Calls that come while one is at work are joined into one more. */
  refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#again = true;
      return this.#refreshing;
    }
    this.#refreshing = this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Size of all open segments now. */
  async totalBytes(): Promise<number> {
    // One that is closed meanwhile is read.
    const sizes = this.open.map(({ file }) =>
      file.stat().then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** The first segment is read: it is closed and forgotten. */
  async drop(): Promise<void> {
    await this.open.shift()?.file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#refreshing?.catch(() => {});
    this.#last = Number.POSITIVE_INFINITY;
    while (this.open.length > 0) await this.drop();
  }

  async #refresh(): Promise<void> {
    do {
      this.#again = false;
      const numbers = (await names(this.#directory))
        .map((name) => Number(/^(\d+)\.chunks$/.exec(name)?.[1]))
        .filter((number) => number > this.#last)
        .sort((a, b) => a - b);
      for (const number of numbers) await this.#open(number);
      // A flood may rotate away all that was listed before it is opened; there are others by then.
      if (this.#last === 0 && numbers.length > 0 && this.open.length === 0) this.#again = true;
      else this.#last = numbers.at(-1) ?? this.#last;
    } while (this.#again);
  }

  async #open(number: number): Promise<void> {
    try {
      const file = await open(join(this.#directory, `${number}.chunks`), 'r');
      this.open.push({ number, file });
    } catch (error) {
      if (!isErrno(error) || error.code !== 'ENOENT') throw error;
      // Rotated away between listing and opening, and so is all that came before: a reader begins behind it.
      while (this.#last === 0 && this.open.length > 0) await this.drop();
    }
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}
