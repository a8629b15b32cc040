import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianProgram } from '../../vm-images/debian.ts';
import { debianMirror } from '../../vm-images/mirror.ts';

/**
 * Counting what a guest executes: Debian's next QEMU in a tree of its own (the one of Debian 12 is built without
 * plugins), our plugin, and a program of QEMU's name that runs it with the plugin.
 */

const tree = join(import.meta.dirname, '..', '..', '.cache', 'peers', 'qemu');

/** Makes the tree where it is not there yet. Needs root and the network. */
export function prepareCountingQemu(): void {
  if (existsSync(tree)) return;
  console.log('Fetching a QEMU that can count instructions …');
  const part = `${tree}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  command('debootstrap', ['--variant=minbase', '--include=qemu-system-x86', 'trixie', part, debianMirror()]);
  renameSync(part, tree);
}

export interface InstructionCounter {
  /** To be put first in PATH of whatever starts QEMU. */
  directory: string;
  /** Instructions since the guest's start, in thousands of millions. */
  read(): number;
}

/** Builds the plugin and the program below `directory`. The guest must have one processor. */
export function instructionCounter(directory: string): InstructionCounter {
  mkdirSync(directory, { recursive: true });
  const plugin = join(directory, 'count-instructions.so');
  const file = join(directory, 'instructions');
  command('cc', [
    ...['-std=c17', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared'],
    ...['-o', plugin, join(import.meta.dirname, 'count-instructions.c')],
  ]);
  const words = [
    ...debianProgram(tree, 'usr/bin/qemu-system-x86_64'),
    ...['-L', join(tree, 'usr/share/qemu'), '-L', join(tree, 'usr/share/seabios')],
    ...['-plugin', `${plugin},out=${file}`],
  ];
  const quoted = words.map((word) => `'${word}'`).join(' ');
  writeFileSync(join(directory, 'qemu-system-x86_64'), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  return { directory, read: () => Number(readFileSync(file).readBigUInt64LE()) / 1e9 };
}

function command(program: string, words: string[]): void {
  const result = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${result.status}`);
}
