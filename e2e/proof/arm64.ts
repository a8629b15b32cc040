import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHost } from '../../electron/cli/host-process.ts';
import { hostFiles } from '../../electron/host/files.ts';
import { hostOptions } from '../../electron/host/options.ts';
import { completeBundle } from '../../electron/start/build.ts';
import { arm64Needs, installMissing } from '../../electron/start/system-packages.ts';
import { buildMachine } from '../../vm-images/build.ts';
import { fetchDebianPackages, unpackDebianPackages } from '../../vm-images/debian.ts';
import { writeProof } from './record.ts';

/**
 * npm run proof -- arm64: the whole way on the other processor. Builds image, engine bundle and native programs for
 * arm64 on this computer, boots them by the host as any desktop does, and drives the engine with the docker command
 * until a container of arm64 has run. Under emulation: some minutes.
 */

const projectDir = join(import.meta.dirname, '..', '..');
const image = join(projectDir, 'build/machine-arm64');
const bundle = join(projectDir, 'build/bundle-arm64');
const native = join(projectDir, 'build/native-arm64');

export async function proveArm64(): Promise<boolean> {
  installMissing(arm64Needs);
  const directory = mkdtempSync(join(tmpdir(), 'berth-arm64-'));
  try {
    await buildMachine('arm64', image);
    const tree = await packagesTree(join(directory, 'tree'));
    buildNative(tree, directory);
    mkdirSync(bundle, { recursive: true });
    copyFileSync(join(projectDir, 'build/bundle/engine.mjs'), join(bundle, 'engine.mjs'));
    completeBundle(native, bundle);
    const log = await drive(directory, join(tree, 'usr/bin/busybox'));
    writeProof('arm64', { title: 'A machine and a container of arm64', lines: ['```', ...log, '```'] });
    return true;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Headers and libraries of arm64, and a program for the container. */
async function packagesTree(tree: string): Promise<string> {
  const musl = await fetchDebianPackages(['musl-dev'], {
    lockFile: join(projectDir, 'vm-images/debian-lock.json'),
    arch: 'arm64',
  });
  const others = await fetchDebianPackages(['zlib1g-dev', 'libzstd-dev', 'busybox-static'], {
    lockFile: join(projectDir, 'e2e/debian-lock.json'),
    arch: 'arm64',
    suite: 'bookworm',
  });
  unpackDebianPackages([...musl, ...others], tree);
  return tree;
}

/** The programs by the very build script of every other build, with compilers of the other processor. */
function buildNative(tree: string, directory: string): void {
  const library = join(tree, 'usr/lib/aarch64-linux-musl');
  const specs = join(directory, 'musl.specs');
  const text = readFileSync(join(library, 'musl-gcc.specs'), 'utf8');
  writeFileSync(specs, text.replaceAll('/usr/', `${join(tree, 'usr')}/`));
  const search = [`-I${join(tree, 'usr/include')}`, `-L${join(tree, 'usr/lib/aarch64-linux-gnu')}`];
  run('sh', ['engine/native/build.sh', 'unpack', 'addon'], {
    CC: 'aarch64-linux-gnu-gcc',
    CFLAGS: ['-O2', ...search].join(' '),
  });
  run('sh', ['engine/native/build.sh', 'shim', 'runtime', 'init'], {
    MUSL_CC: `aarch64-linux-gnu-gcc -specs=${specs}`,
    CFLAGS: '-O2 -idirafter /usr/aarch64-linux-gnu/include',
  });
}

/** Boots the machine by a host of its own and runs a container in it; returns what was asked and answered. */
async function drive(directory: string, busybox: string): Promise<string[]> {
  const values = {
    'data-dir': join(directory, 'data'),
    'runtime-dir': join(directory, 'run'),
    'image-dir': image,
    'bundle-dir': bundle,
    instance: 'arm64',
    machine: 'qemu',
  };
  const options = hostOptions(values);
  const files = hostFiles(options, options.instance);
  const client = await ensureHost(
    files,
    Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]),
  );
  const log: string[] = [];
  try {
    await client.startMachine();
    for (let phase = 'starting'; phase !== 'running'; ) {
      const { machine } = await client.state();
      phase = machine.phase;
      if (phase === 'failed') throw new Error(`the machine failed: ${JSON.stringify(machine.problem)}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const docker = (words: string[], input?: Buffer) => {
      log.push(`$ docker ${words.join(' ')}`);
      const result = spawnSync('docker', ['-H', `unix://${files.dockerSocket}`, ...words], {
        encoding: 'utf8',
        ...(input === undefined ? {} : { input }),
      });
      log.push(`${result.stdout}${result.stderr}`.trimEnd());
      if (result.status !== 0) throw new Error(`docker ${words.join(' ')}: ${result.stderr}`);
      return result.stdout;
    };
    docker(['version']);
    const tree = join(directory, 'busybox');
    mkdirSync(join(tree, 'bin'), { recursive: true });
    copyFileSync(busybox, join(tree, 'bin/busybox'));
    const archive = spawnSync('tar', ['-C', tree, '-cf', '-', 'bin'], { maxBuffer: 1 << 26 }).stdout;
    docker(['import', '-', 'busybox:arm64'], archive);
    const machine = docker(['run', '--rm', 'busybox:arm64', '/bin/busybox', 'uname', '-m']).trim();
    if (machine !== 'aarch64') throw new Error(`the container says ${machine}`);
    docker(['run', '--rm', '-m', '64m', 'busybox:arm64', '/bin/busybox', 'cat', '/sys/fs/cgroup/memory.max']);
  } finally {
    await client.quit();
  }
  return log;
}

function run(program: string, words: string[], environment: Record<string, string>): void {
  const result = spawnSync(program, words, {
    cwd: projectDir,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, BUILD_DIR: native, ...environment },
  });
  if (result.status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${result.status}`);
}
