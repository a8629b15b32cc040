import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An ext4 of its own, in a file: for what happens when a disk is full. */
export interface SmallDisk extends Disposable {
  /** Where it is mounted. */
  readonly path: string;
}

/** Makes and mounts one; unmounted and gone when disposed. */
export function makeSmallDisk(sizeBytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'berth-disk-'));
  const file = join(directory, 'disk');
  const path = join(directory, 'mounted');
  mkdirSync(path);
  const handle = openSync(file, 'w');
  ftruncateSync(handle, sizeBytes);
  closeSync(handle);
  command('mkfs.ext4', ['-q', '-m', '0', file]);
  command('mount', ['-o', 'loop', file, path]);
  return {
    path,
    [Symbol.dispose]() {
      command('umount', ['--lazy', path]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function command(program: string, args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
}
