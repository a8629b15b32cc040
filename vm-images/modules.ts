import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { moduleInfo } from './elf.ts';
import { compare } from './lock.ts';
import type { TreeEntry } from './tar.ts';

/** A kernel module, uncompressed. */
export interface KernelModule {
  /** As the kernel calls it, underscores for dashes. */
  name: string;
  /** Below the modules' directory: kernel/net/…/x.ko. */
  path: string;
  bytes: Buffer;
  /** Names that must be loaded before it. */
  depends: string[];
  aliases: string[];
  soft: string[];
}

/** Reaches the system disk; loaded in the initramfs. */
export const initramfsModules = ['virtio_blk', 'erofs'];

/** Needed for the first connection; loaded before anything is started. */
export const earlyModules = ['qemu_fw_cfg', 'virtio_net'];

/** What containers and the host's commands need; loaded beside the engine's start. */
export const lateModules = [
  'overlay',
  'veth',
  'bridge',
  'nf_tables',
  'nft_chain_nat',
  'nft_masq',
  'nft_nat',
  'nft_redir',
  'nft_ct',
  'nft_fib_inet',
  'nft_reject_inet',
  'nft_log',
  'virtio_balloon',
  'virtio_rng',
  'button',
  'evdev',
];

/** Modules that the kernel may ask for by itself later (modprobe); hardware that no machine has is left out. */
const kept = [
  /^kernel\/(net|crypto|lib|fs|mm|block|arch\/[^/]+\/crypto)\//,
  /^kernel\/drivers\/(block|virtio|vhost|input|firmware|md|dax|nvdimm|rtc|gpio)\//,
  /^kernel\/drivers\/(char|acpi|net)\/[^/]+$/,
  /^kernel\/drivers\/char\/hw_random\//,
  /^kernel\/drivers\/net\/(wireguard|ipvlan|macvlan|vxlan|bonding|geneve)/,
];
const left =
  /^kernel\/(net\/(dccp|rds|tipc|smc|rxrpc|ceph|openvswitch|mpls|can|bluetooth|wireless|mac80211|nfc|9p)|fs\/(ocfs2|gfs2|dlm|ceph|afs|coda|jfs|reiserfs|nilfs2|zonefs|bcachefs|orangefs|hfs|hfsplus|ufs|sysv|minix|befs|f2fs|ntfs3|smb\/server))\//;

export function isKept(path: string): boolean {
  return kept.some((pattern) => pattern.test(path)) && !left.test(path);
}

/** Reads the modules that are kept out of a kernel package's files (`usr/lib/modules/<release>/…`). */
export function readModules(entries: TreeEntry[]): { release: string; modules: KernelModule[] } {
  const first = entries.find(({ path }) => /^usr\/lib\/modules\/[^/]+$/.test(path));
  if (!first) throw new Error('the kernel package holds no modules');
  const root = `${first.path}/`;
  const compressed = entries.filter(
    ({ path, type }) => type === 'file' && path.startsWith(root) && isKept(path.slice(root.length)),
  );
  const modules = decompressAll(compressed).map(({ path, bytes }) =>
    moduleOf(path.slice(root.length), bytes),
  );
  return { release: basename(first.path), modules: modules.toSorted((a, b) => compare(a.path, b.path)) };
}

/** One xz for all of them: started a module each it takes ten times as long. */
function decompressAll(entries: TreeEntry[]): { path: string; bytes: Buffer }[] {
  const directory = mkdtempSync(join(tmpdir(), 'berth-modules-'));
  try {
    const files = entries.map(({ path, bytes }, index) => {
      const file = join(directory, `${index}.ko${path.endsWith('.xz') ? '.xz' : ''}`);
      writeFileSync(file, bytes as Buffer);
      return file;
    });
    const packed = files.filter((file) => file.endsWith('.xz'));
    const result =
      packed.length === 0 ? undefined : spawnSync('xz', ['-d', '-q', ...packed], { encoding: 'utf8' });
    if (result?.error) throw new Error(`xz cannot be run: ${result.error.message}`);
    if (result && result.status !== 0) throw new Error(`xz failed: ${result.stderr}`);
    return entries.map(({ path }, index) => ({
      path: path.replace(/\.xz$/, ''),
      bytes: readFileSync(join(directory, `${index}.ko`)),
    }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function moduleOf(path: string, bytes: Buffer): KernelModule {
  const info = moduleInfo(bytes);
  const all = (key: string) => info.filter((line) => line.key === key).map(({ value }) => value);
  return {
    name: kernelName(basename(path, '.ko')),
    path,
    bytes,
    depends: all('depends').flatMap((value) => value.split(',').filter(Boolean).map(kernelName)),
    aliases: all('alias'),
    soft: all('softdep'),
  };
}

function kernelName(name: string): string {
  return name.replaceAll('-', '_');
}

/**
 * The modules that must be loaded to have the named ones, dependencies first, each once. A name that no module has is
 * built into the kernel (or of the other architecture) and left out.
 */
export function loadingOrder(names: string[], modules: KernelModule[]): KernelModule[] {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const order = new Set<KernelModule>();
  const visit = (name: string, path: string[]): void => {
    const module = byName.get(name);
    if (!module || order.has(module)) return;
    if (path.includes(name)) throw new Error(`modules depend on each other: ${[...path, name].join(' → ')}`);
    for (const dependency of module.depends) visit(dependency, [...path, name]);
    order.add(module);
  };
  for (const name of names) visit(kernelName(name), []);
  return [...order];
}

/** modules.dep and modules.alias as modprobe reads them (depmod(8), modules.dep(5)). */
export function moduleIndexes(modules: KernelModule[]): { dep: string; alias: string } {
  const dep = modules.map((module) => {
    const before = loadingOrder([module.name], modules).filter((other) => other !== module);
    return `${module.path}:${before
      .reverse()
      .map(({ path }) => ` ${path}`)
      .join('')}\n`;
  });
  const alias = modules.flatMap(({ name, aliases }) => aliases.map((text) => `alias ${text} ${name}\n`));
  return { dep: dep.join(''), alias: alias.join('') };
}
