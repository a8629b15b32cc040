import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
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

/** As writeJson, for text that is not JSON. `mode` is that of the new file. */
export async function writeText(
  path: string,
  text: string,
  options: { durable: boolean; mode?: number },
): Promise<void> {
  serial += 1;
  const temporary = `${path}.${process.pid}.${serial}.tmp`;
  const handle = await open(temporary, 'wx', options.mode ?? 0o600);
  try {
    await handle.writeFile(text);
    if (options.mode !== undefined) await handle.chmod(options.mode);
    if (options.durable) await handle.sync();
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
  if (options.durable) await syncDirectory(dirname(path));
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
export async function makeDirectory(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  const handle = await open(path, 'r');
  try {
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
}
