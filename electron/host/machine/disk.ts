import { existsSync, renameSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { MachineProblem } from './driver.ts';
import { runProgram } from './programs.ts';

const gib = 1024 ** 3;
/** Below this the desktop's disk could not even take the machine's own file system and an engine. */
const leastFreeBytes = gib / 2;

/**
 * The data disk: made when absent, enlarged when the setting grew (never made smaller). Its file grows with use.
 * Throws `disk-full-desktop` or `disk-damaged`. Answers its virtual size.
 */
export async function prepareDisk(options: {
  file: string;
  sizeGiB: number;
  signal: AbortSignal;
}): Promise<{ sizeBytes: number; made: boolean }> {
  const { file, sizeGiB, signal } = options;
  const { bavail, bsize } = await statfs(dirname(file));
  if (bavail * bsize < leastFreeBytes) {
    throw new MachineProblem({
      code: 'disk-full-desktop',
      params: { dir: dirname(file), freeBytes: bavail * bsize },
    });
  }
  if (!existsSync(file)) {
    const unfinished = `${file}.new`;
    try {
      await runProgram('qemu-img', ['create', '-q', '-f', 'qcow2', unfinished, `${sizeGiB}G`], signal);
      renameSync(unfinished, file);
    } finally {
      rmSync(unfinished, { force: true });
    }
    return { sizeBytes: sizeGiB * gib, made: true };
  }
  const sizeBytes = await virtualSize(file, signal);
  if (sizeBytes >= sizeGiB * gib) return { sizeBytes, made: false };
  await runProgram('qemu-img', ['resize', '-q', '-f', 'qcow2', file, `${sizeGiB}G`], signal);
  return { sizeBytes: sizeGiB * gib, made: false };
}

async function virtualSize(file: string, signal: AbortSignal): Promise<number> {
  try {
    const info = await runProgram('qemu-img', ['info', '-f', 'qcow2', '--output=json', file], signal);
    return z.object({ 'virtual-size': z.number() }).parse(JSON.parse(info))['virtual-size'];
  } catch (error) {
    if (signal.aborted || error instanceof MachineProblem) throw error;
    throw new MachineProblem({ code: 'disk-damaged', params: { file }, detail: (error as Error).message });
  }
}
