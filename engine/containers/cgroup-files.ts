import { readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { isErrno } from '../errors.ts';
import type { Container } from './container.ts';
import type { ContainerDefinition } from './definition.ts';
import type { ContainerParts } from './parts.ts';

const root = '/sys/fs/cgroup';

/** A container's cgroup below the root: `--cgroup-parent`'s, or the instance's own; one that is not absolute lies in it. */
export function cgroupPath(
  { instance }: Pick<ContainerParts, 'instance'>,
  { id, hostConfig }: Pick<ContainerDefinition, 'id' | 'hostConfig'>,
): string {
  return posix.resolve(`/${instance}/c`, hostConfig.CgroupParent ?? '', id);
}

/**
 * The directory of a container's cgroup: one for all controllers on version 2, one a controller on version 1 (berth-shim
 * makes it there as /sys/fs/cgroup/<controller>/<path>).
 */
export function cgroupDirectory(
  parts: Pick<ContainerParts, 'instance' | 'host'>,
  container: Container,
  controller: string,
): string {
  const base = parts.host.cgroupVersion === 2 ? root : join(root, controller);
  return join(base, cgroupPath(parts, container.definition));
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
