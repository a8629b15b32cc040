import { mkdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EngineFiles } from '../store/files.ts';

/** Docker's mount points and names that every container has, whatever its image holds. */
const directories = ['dev/pts', 'dev/shm', 'etc', 'proc', 'sys'];
const files = ['.dockerenv', 'dev/console', 'etc/hostname', 'etc/hosts', 'etc/resolv.conf'];

const links = ['etc/mtab'];

/** Paths in the layer of mount points, without leading slash. */
export const initPaths: readonly string[] = [...directories, ...files, ...links];

/**
 * The layer of empty mount points. It lies below every image, so that whatever the image has wins, and in no container's
 * upper directory, so that diff and commit never see it. Made once, shared by all.
 */
export async function ensureInitLayer(paths: EngineFiles): Promise<string> {
  const target = join(paths.layers, 'init');
  if (await exists(target)) return target;
  const making = join(paths.tmp, `init-layer-${process.pid}`);
  for (const path of directories) await mkdir(join(making, path), { recursive: true, mode: 0o755 });
  for (const path of files) await writeFile(join(making, path), '', { mode: 0o755 });
  await symlink('/proc/mounts', join(making, 'etc/mtab'));
  await mkdir(dirname(target), { recursive: true });
  await rename(making, target);
  return target;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
