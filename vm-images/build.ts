import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { constants, zstdCompressSync } from 'node:zlib';
import { compileInit, strip } from './compile.ts';
import { writeCpio } from './cpio.ts';
import {
  debianArchitectures,
  debianProgram,
  type FetchedPackage,
  fetchDebianPackages,
  hostArch,
  type NodeArch,
  readDebianPackage,
  unpackDebianPackages,
} from './debian.ts';
import { compare } from './lock.ts';
import { initramfsModules, type KernelModule, loadingOrder, readModules } from './modules.ts';
import { nodeFiles } from './node-binary.ts';
import { initPackages, kernelPackage, systemPackages, toolPackages } from './packages.ts';
import { systemTree } from './system.ts';
import { type TreeEntry, writeTar } from './tar.ts';

/**
 * Builds the machine's image: `node vm-images/build.ts [--arch x64|arm64] [--out build/machine]`. Runs no program
 * while its inputs are what they were. No root, no mounts, no maintainer scripts: packages are read in memory.
 */

const projectDirectory = join(import.meta.dirname, '..');
const lockFile = join(import.meta.dirname, 'debian-lock.json');
/** Fixed, so that the same files give the same image; it identifies nothing. */
const volumeId = '62657274-6800-4000-8000-000000000001';
const outputs = ['vmlinuz', 'initramfs.cpio.zst', 'system.erofs'] as const;

const commandLines: Record<NodeArch, string> = {
  x64: 'console=ttyS0 quiet loglevel=4 panic=1',
  arm64: 'console=ttyAMA0 quiet loglevel=4 panic=1',
};

/** Digest of everything that the image depends on and that lies in this repository. */
function inputsDigest(arch: NodeArch): string {
  const hash = createHash('sha256').update(arch);
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) =>
      compare(a.name, b.name),
    )) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (/\.(ts|c|h|json)$/.test(entry.name) && !/\.(test|proof)\.ts$/.test(entry.name))
        hash.update(`${entry.name}\0`).update(readFileSync(path));
    }
  };
  visit(import.meta.dirname);
  const { packages } = JSON.parse(readFileSync(join(projectDirectory, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string }>;
  };
  return hash.update(packages[`node_modules/node-linux-${arch}`]?.integrity ?? '').digest('hex');
}

/** Builds into a directory, unless what is there was made from the same inputs. Returns whether it built. */
export async function buildMachine(arch: NodeArch, out: string): Promise<boolean> {
  const stamp = join(out, '.inputs');
  const inputs = inputsDigest(arch);
  const whole = [...outputs, 'manifest.json'].every((name) => existsSync(join(out, name)));
  if (whole && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return false;

  const { debian } = debianArchitectures[arch];
  const fetch = (names: string[], architecture = debian) =>
    fetchDebianPackages(names, { lockFile, arch: architecture });
  const [kernel] = (await fetch([kernelPackage(debian)])) as [FetchedPackage];
  const system = await fetch(systemPackages);
  const musl = await fetch(initPackages);
  const tools = await fetch(toolPackages, debianArchitectures[hostArch()].debian);

  const kernelEntries = readDebianPackage(kernel.file);
  const { release, modules } = readModules(kernelEntries);
  const init = compileInit(
    arch,
    musl.flatMap(({ file }) => readDebianPackage(file)),
  );
  const node = nodeFiles(arch);
  const tree = systemTree({
    packages: system.map(({ name, file }) => ({ name, entries: readDebianPackage(file) })),
    kernel: { release, modules, entries: kernelEntries },
    node: strip(arch, node.program),
    nodeLicence: node.licence,
    init,
    ...debianArchitectures[arch],
  });

  mkdirSync(out, { recursive: true });
  rmSync(stamp, { force: true });
  writeWhole(join(out, 'vmlinuz'), kernelImage(kernelEntries, release));
  writeWhole(join(out, 'initramfs.cpio.zst'), initramfs(init, modules));
  packSystem(tree, tools, join(out, 'system.erofs'));
  writeManifest(arch, release, out);
  writeFileSync(stamp, inputs);
  return true;
}

function kernelImage(entries: TreeEntry[], release: string): Buffer {
  const image = entries.find(({ path }) => path === `boot/vmlinuz-${release}`)?.bytes;
  if (!image) throw new Error(`the kernel package has no boot/vmlinuz-${release}`);
  return image;
}

function initramfs(init: Buffer, modules: KernelModule[]): Buffer {
  const needed = loadingOrder(initramfsModules, modules);
  const file = (path: string, mode: number, bytes: Buffer): TreeEntry => ({
    path,
    type: 'file',
    mode,
    bytes,
  });
  const directory = (path: string): TreeEntry => ({ path, type: 'directory', mode: 0o755 });
  const entries: TreeEntry[] = [
    ...['dev', 'proc', 'sys', 'modules'].map(directory),
    file('init', 0o755, init),
    file('modules.list', 0o644, Buffer.from(needed.map(({ name }) => `/modules/${name}.ko\n`).join(''))),
    ...needed.map(({ name, bytes }) => file(`modules/${name}.ko`, 0o644, bytes)),
  ];
  return zstdCompressSync(writeCpio(entries), { params: { [constants.ZSTD_c_compressionLevel]: 19 } });
}

/** mkfs.erofs takes owners, modes and times from a tar stream, so nobody needs to be root. */
function packSystem(tree: TreeEntry[], tools: FetchedPackage[], file: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'berth-pack-'));
  try {
    const unpacked = join(directory, 'tools');
    unpackDebianPackages(tools, unpacked);
    const tar = join(directory, 'system.tar');
    const part = `${file}.part`;
    writeFileSync(tar, writeTar(tree, 0));
    rmSync(part, { force: true });
    const [command, ...leading] = debianProgram(unpacked, 'usr/bin/mkfs.erofs');
    const args = [
      ...leading,
      ...['--quiet', '-zlz4hc,12', '-C65536', '-T0', '-U', volumeId, '--workers=1', '--tar=f', part, tar],
    ];
    const result = spawnSync(command, args, {
      encoding: 'utf8',
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH },
    });
    if (result.error) throw new Error(`mkfs.erofs cannot be run: ${result.error.message}`);
    if (result.status !== 0)
      throw new Error(`mkfs.erofs failed with ${result.status}:\n${result.stderr}${result.stdout}`);
    renameSync(part, file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function writeManifest(arch: NodeArch, kernelVersion: string, out: string): void {
  const files = Object.fromEntries(
    outputs.map((name) => {
      const bytes = readFileSync(join(out, name));
      return [name, { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }];
    }),
  );
  const manifest = { format: 1, arch, kernelVersion, commandLine: commandLines[arch], files };
  writeWhole(join(out, 'manifest.json'), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

function writeWhole(file: string, bytes: Buffer): void {
  writeFileSync(`${file}.part`, bytes, { mode: 0o644 });
  renameSync(`${file}.part`, file);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, out: { type: 'string' } } });
  const arch = values.arch ?? hostArch();
  if (arch !== 'x64' && arch !== 'arm64') throw new Error(`--arch is x64 or arm64, not ${arch}`);
  const out = resolve(values.out ?? join(projectDirectory, 'build', 'machine'));
  const built = await buildMachine(arch, out);
  console.log(built ? `The machine's image for ${arch} lies in ${out}` : `The image in ${out} is up to date`);
}
