import { mkdir, opendir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno } from '../errors.ts';
import type { EngineFiles } from '../store/files.ts';
import { writeText } from '../store/json-file.ts';
import type { MountPlan, StorageDriver } from './driver.ts';
import { type Overlay2Options, overlay2 } from './overlay2.ts';
import { runUnpack, startUnpack } from './unpack-program.ts';

/**
 * Whole copies, for machines without overlay. A layer has, beside its own files in overlay's form, all files of the
 * stack up to it; a container is a copy of that, made at its first start. Slow and large, and right.
 */
export function vfs(options: Overlay2Options): StorageDriver {
  const { files, program, init, trash } = options;
  const own = overlay2({
    ...options,
    async finish(directory, record) {
      await options.finish(directory, record);
      const full = join(directory, 'full');
      await mkdir(full, { mode: 0o755 });
      const below = record.parent === undefined ? init : files.layer(record.parent).full;
      for (const original of [below, join(directory, 'diff')]) {
        await runUnpack({ program, task: 'copy', directory: full, original });
      }
    },
  });
  return {
    ...own,
    name: 'vfs',
    async plan({ layers, upper, work, readOnly }): Promise<MountPlan> {
      const top = layers.at(-1);
      const flags = readOnly ? { readOnly } : {};
      if (upper === undefined || work === undefined) {
        return { type: 'bind', lower: [originalPath(files, top ?? '')], ...flags };
      }
      if (!(await hasEntries(upper))) {
        const making = join(work, 'copy');
        await trash.discard(making);
        await mkdir(making, { mode: 0o755 });
        await runUnpack({
          program,
          task: 'copy',
          directory: making,
          original: originalPath(files, top ?? ''),
        });
        // Told before the copy is in place: an empty writable layer counts as none.
        await writeText(originalRecord(upper), top ?? '', { durable: false });
        await rename(making, upper);
      }
      return { type: 'bind', lower: [upper], ...flags };
    },
    async size(upper) {
      const original = await copyOf(files, upper);
      const task = startUnpack({
        program,
        task: 'walk',
        directory: upper,
        ...(original ? { original } : {}),
      });
      task.stdout?.resume();
      return Number((await task.result).sizeBytes);
    },
  };
}

function originalPath(files: EngineFiles, chain: string): string {
  return chain === '' ? join(files.layers, 'init') : files.layer(chain).full;
}

/** Beside a writable layer: the chain id of what it is a copy of. */
function originalRecord(upper: string): string {
  return join(dirname(upper), 'work', 'original');
}

/** The directory that a writable layer is a whole copy of; undefined where it lies upon layers by overlay. */
export async function copyOf(files: EngineFiles, upper: string): Promise<string | undefined> {
  try {
    const chain = await readFile(originalRecord(upper), 'utf8');
    return (await hasEntries(upper)) ? originalPath(files, chain) : undefined;
  } catch (error) {
    if (isErrno(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}

async function hasEntries(directory: string): Promise<boolean> {
  await using open = await opendir(directory);
  return (await open.read()) !== null;
}
