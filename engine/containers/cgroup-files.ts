import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import type { ContainerParts } from './parts.ts';

const root = '/sys/fs/cgroup';

/**
 * The directory of a container's cgroup: one for all controllers on version 2, one a controller on version 1 (berth-shim
 * makes it there as /sys/fs/cgroup/<controller>/<instance>/c/<id>).
 */
export function cgroupDirectory(
  parts: Pick<ContainerParts, 'instance' | 'host'>,
  id: string,
  controller: string,
): string {
  const base = parts.host.cgroupVersion === 2 ? root : join(root, controller);
  return join(base, parts.instance, 'c', id);
}

/** Text of a control file; undefined where the kernel, or the container's end, has taken it away. */
export async function readControl(directory: string, file: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, file), 'utf8');
  } catch (error) {
    if (isErrno(error) && ['ENOENT', 'ENODEV', 'EOPNOTSUPP'].includes(error.code ?? '')) return undefined;
    throw error;
  }
}

/** A control file that holds one number; `max` and a missing file are undefined. */
export async function readControlNumber(directory: string, file: string): Promise<number | undefined> {
  const text = (await readControl(directory, file))?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** A control file of `name value` lines. */
export async function readControlTable(directory: string, file: string): Promise<Record<string, number>> {
  const text = (await readControl(directory, file)) ?? '';
  const table: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [name, value] = line.split(' ');
    if (name && value) table[name] = Number(value);
  }
  return table;
}

export async function writeControl(directory: string, file: string, value: string): Promise<void> {
  await writeFile(join(directory, file), value);
}
