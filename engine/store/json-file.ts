import {
  chmodSync,
  closeSync,
  fchmodSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../errors.ts';

let serial = 0;

/**
 * Replaces a JSON file by temporary file + rename: a reader sees the old or the new one, never half. With `durable` it
 * is on disk when this resolves (fsync of file and directory, on libuv's threads).
 */
export async function writeJson(path: string, value: unknown, options: { durable: boolean }): Promise<void> {
  await writeText(path, `${JSON.stringify(value)}\n`, options);
}

/**
 * As writeJson, for text that is not JSON. `mode` is that of the new file. What need not be durable is written at once:
 * a few hundred bytes for the page cache take less time than one hand-over to libuv's threads.
 */
export async function writeText(
  path: string,
  text: string,
  options: { durable: boolean; mode?: number },
): Promise<void> {
  serial += 1;
  const temporary = `${path}.${process.pid}.${serial}.tmp`;
  try {
    if (options.durable) await writeDurably(temporary, text, options.mode);
    else writeNow(temporary, text, options.mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.durable) await syncDirectory(dirname(path));
}

async function writeDurably(path: string, text: string, mode: number | undefined): Promise<void> {
  await using handle = await open(path, 'wx', mode ?? 0o600);
  await handle.writeFile(text);
  if (mode !== undefined) await handle.chmod(mode);
  await handle.sync();
}

function writeNow(path: string, text: string, mode: number | undefined): void {
  const fd = openSync(path, 'wx', mode ?? 0o600);
  try {
    writeFileSync(fd, text);
    if (mode !== undefined) fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
}

/** Makes renames and new names in a directory last through a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Parsed contents; undefined when there is no such file. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** mkdir -p with exactly this mode for the last directory, whatever the umask. */
export function makeDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  chmodSync(path, mode);
}
