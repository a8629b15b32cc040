import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianArchitectures, hostArch, type NodeArch } from './debian.ts';
import type { TreeEntry } from './tar.ts';

const sources = join(import.meta.dirname, 'init');

/**
 * Compiles and links init statically against the musl of the lock (its package's files), with the C compiler of the
 * target, so that init does not depend on the building computer's C library. Returns the stripped program.
 */
export function compileInit(arch: NodeArch, musl: TreeEntry[]): Buffer {
  const { triple } = debianArchitectures[arch];
  const directory = mkdtempSync(join(tmpdir(), 'berth-init-'));
  try {
    const library = writeMusl(musl, directory);
    const units = readdirSync(sources)
      .filter((name) => name.endsWith('.c'))
      .sort();
    const program = join(directory, 'init');
    run(tool(arch, 'gcc'), [
      ...['-std=gnu17', '-D_GNU_SOURCE', '-Os', '-static', '-no-pie', '-fno-pie', '-fstack-protector-strong'],
      ...['-Wall', '-Wextra', '-Werror', '-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections'],
      // Nothing of the building computer's C library, neither headers nor start files.
      ...['-nostdinc', '-isystem', join(library, 'include'), '-isystem', compilerHeaders(arch)],
      ...['-nostdlib', '-Wl,--build-id=none', `-ffile-prefix-map=${sources}=init`],
      ...['-o', program, join(library, 'lib', 'crt1.o'), join(library, 'lib', 'crti.o')],
      ...units.map((name) => join(sources, name)),
      ...[
        join(library, 'lib', 'libc.a'),
        '-lgcc',
        join(library, 'lib', 'libc.a'),
        join(library, 'lib', 'crtn.o'),
      ],
    ]);
    run(tool(arch, 'strip'), ['-s', program]);
    return readFileSync(program);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }

  function writeMusl(entries: TreeEntry[], into: string): string {
    for (const { path, type, bytes } of entries) {
      const match = new RegExp(`^usr/(include|lib)/${triple.replace('gnu', 'musl')}/(.*)$`).exec(path);
      if (type !== 'file' || !match) continue;
      const target = join(into, 'musl', match[1] as string, match[2] as string);
      mkdirSync(join(target, '..'), { recursive: true });
      writeFileSync(target, bytes as Buffer);
    }
    return join(into, 'musl');
  }
}

/** Removes symbols and debugging information from a program of the target. */
export function strip(arch: NodeArch, program: Buffer): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'berth-strip-'));
  try {
    const file = join(directory, 'program');
    writeFileSync(file, program);
    run(tool(arch, 'strip'), ['-s', file]);
    return readFileSync(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Debian gives each compiler and binutils its triple's name, the computer's own ones too. */
function tool(arch: NodeArch, name: 'gcc' | 'strip'): string {
  return `${debianArchitectures[arch].triple}-${name}`;
}

function compilerHeaders(arch: NodeArch): string {
  return run(tool(arch, 'gcc'), ['-print-file-name=include']).trim();
}

function run(command: string, args: string[]): string {
  const result = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (result.error) {
    const hint = command.startsWith(debianArchitectures[hostArch()].triple)
      ? 'install gcc and binutils'
      : `install ${command.replace(/^(.*)-(gcc|strip)$/, 'gcc-$1')}`;
    throw new Error(`${command} cannot be run (${result.error.message}); ${hint}`);
  }
  if (result.status !== 0) throw new Error(`${command} failed:\n${result.stderr}`);
  return result.stdout;
}
