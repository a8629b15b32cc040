import { isElf, neededLibraries } from './elf.ts';
import { etcFiles } from './etc.ts';
import { compare } from './lock.ts';
import { earlyModules, type KernelModule, lateModules, loadingOrder, moduleIndexes } from './modules.ts';
import type { TreeEntry } from './tar.ts';

/** A package's files, with its name for the licence texts. */
export interface PackageFiles {
  name: string;
  entries: TreeEntry[];
}

/** Programs taken from packages, as they lie there; their libraries follow by what they ask for. */
const programs = [
  'usr/bin/busybox',
  'usr/sbin/sshd',
  'usr/lib/openssh/sshd-session',
  'usr/lib/openssh/sshd-auth',
  'usr/sbin/mke2fs',
  'usr/sbin/mkfs.ext4',
  'usr/sbin/e2fsck',
  'usr/sbin/resize2fs',
  'usr/sbin/nft',
  'etc/mke2fs.conf',
];

/** Commands of busybox: what the host runs over SSH, what the kernel calls, and what a person looks around with. */
const applets =
  'ash sh awk base64 basename cat chgrp chmod chown chroot clear cmp cp cut date dd df diff dirname dmesg du ' +
  'echo ed env expr false find free getopt grep gunzip gzip head hexdump hostname id ip kill killall less ln ls ' +
  'md5sum mkdir mkfifo mknod mktemp more mount mv nc netstat nproc nsenter nslookup od paste ' +
  'ping pidof printf ps pwd readlink realpath renice reset rm rmdir sed seq setsid sha256sum ' +
  'sleep sort stat stty sync tail tar tee test timeout top touch tr traceroute true truncate tty umount uname uniq ' +
  'unshare uptime vi wc wget which xargs xxd xzcat yes zcat';
const adminApplets =
  'modprobe lsmod rmmod insmod depmod modinfo sysctl poweroff fstrim losetup swapon swapoff mkswap ifconfig route nologin blockdev';

/** Mount points and directories that programs expect. */
const directories: Record<string, number> = {
  // The root itself: sshd refuses keys below a directory that others may write.
  '': 0o755,
  data: 0o755,
  dev: 0o755,
  mnt: 0o755,
  proc: 0o555,
  root: 0o700,
  run: 0o755,
  sys: 0o555,
  tmp: 0o1777,
  'usr/local/bin': 0o755,
  'usr/local/sbin': 0o755,
  'var/lib/berth': 0o711,
  'var/tmp': 0o1777,
};

const links: Record<string, string> = {
  bin: 'usr/bin',
  sbin: 'usr/sbin',
  lib: 'usr/lib',
  lib64: 'usr/lib64',
  'var/run': '/run',
  'var/log': '/run/log',
  'var/lock': '/run/lock',
};

export interface SystemParts {
  packages: PackageFiles[];
  kernel: { release: string; modules: KernelModule[]; entries: TreeEntry[] };
  node: Buffer;
  nodeLicence: Buffer;
  init: Buffer;
  /** Multiarch directory of the libraries: x86_64-linux-gnu, aarch64-linux-gnu. */
  triple: string;
  /** The dynamic loader's path, which programs name themselves. */
  loader: string;
}

/** The whole read-only root as a sorted list of entries; the same parts give the same list. */
export function systemTree(parts: SystemParts): TreeEntry[] {
  const available = new Map(
    parts.packages.flatMap(({ entries }) => entries.map((entry) => [entry.path, entry] as const)),
  );
  const tree = new Map<string, TreeEntry>();
  const add = (entry: TreeEntry) => tree.set(entry.path, entry);

  for (const path of programs) addWithTarget(path, available, add);
  add({ path: 'usr/bin/node', type: 'file', mode: 0o755, bytes: parts.node });
  add({ path: 'usr/share/doc/nodejs/copyright', type: 'file', mode: 0o644, bytes: parts.nodeLicence });
  add({ path: 'usr/sbin/init', type: 'file', mode: 0o755, bytes: parts.init });
  for (const name of applets.split(' ')) add(link(`usr/bin/${name}`, 'busybox'));
  for (const name of adminApplets.split(' ')) add(link(`usr/sbin/${name}`, '../bin/busybox'));
  addLibraries(tree, available, parts, add);
  add(certificates(available));
  for (const entry of etcFiles(parts.kernel.release)) add(entry);
  for (const entry of moduleFiles(parts.kernel)) add(entry);
  for (const entry of licences(parts.packages, tree)) add(entry);
  for (const [path, target] of Object.entries(links)) add(link(path, target));
  for (const [path, mode] of Object.entries(directories)) add({ path, type: 'directory', mode });
  addParents(tree);
  return [...tree.values()].toSorted((a, b) => compare(a.path, b.path));
}

function link(path: string, target: string): TreeEntry {
  return { path, type: 'symlink', mode: 0o777, target };
}

/** Adds a file; of a symbolic link also what it points to (within its directory tree). */
function addWithTarget(
  path: string,
  available: Map<string, TreeEntry>,
  add: (entry: TreeEntry) => void,
): TreeEntry {
  const entry = available.get(path);
  if (!entry) throw new Error(`no package brings ${path}`);
  if (entry.type === 'symlink') {
    add(entry);
    return addWithTarget(
      resolveLink(path, (entry.target as string).replace(/^\/lib\//, '/usr/lib/')),
      available,
      add,
    );
  }
  const file =
    entry.type === 'hardlink'
      ? { ...(available.get(entry.target as string) as TreeEntry), path, mode: entry.mode }
      : entry;
  add(file);
  return file;
}

function resolveLink(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1);
}

/** Follows what programs ask for until nothing is missing. */
function addLibraries(
  tree: Map<string, TreeEntry>,
  available: Map<string, TreeEntry>,
  { triple, loader }: SystemParts,
  add: (entry: TreeEntry) => void,
): void {
  const waiting = [...tree.values()].filter(({ bytes }) => bytes && isElf(bytes));
  const done = new Set<string>();
  const place = (entry: TreeEntry) => waiting.push(entry);
  place(addWithTarget(loader, available, add));
  for (let program = waiting.pop(); program; program = waiting.pop()) {
    for (const name of neededLibraries(program.bytes as Buffer)) {
      if (done.has(name) || loader.endsWith(`/${name}`)) continue;
      done.add(name);
      const path = [`usr/lib/${triple}/${name}`, `usr/lib/${name}`].find((candidate) =>
        available.has(candidate),
      );
      if (path === undefined) throw new Error(`${program.path} needs ${name}, which no package brings`);
      place(addWithTarget(path, available, add));
    }
  }
}

/** One file of all authorities that Debian trusts; the package leaves making it to its maintainer script. */
function certificates(available: Map<string, TreeEntry>): TreeEntry {
  const all = [...available.values()]
    .filter(({ path }) => /^usr\/share\/ca-certificates\/.*\.crt$/.test(path))
    .toSorted((a, b) => compare(a.path, b.path));
  if (all.length === 0) throw new Error('no package brings certificates');
  const bytes = Buffer.concat(all.map((entry) => entry.bytes as Buffer));
  return { path: 'etc/ssl/certs/ca-certificates.crt', type: 'file', mode: 0o644, bytes };
}

function moduleFiles(kernel: SystemParts['kernel']): TreeEntry[] {
  const root = `usr/lib/modules/${kernel.release}`;
  const text = (path: string, contents: string): TreeEntry => ({
    path,
    type: 'file',
    mode: 0o644,
    bytes: Buffer.from(contents),
  });
  const list = (names: string[]) =>
    loadingOrder(names, kernel.modules)
      .map(({ path }) => `/${root}/${path}\n`)
      .join('');
  const indexes = moduleIndexes(kernel.modules);
  const builtin = kernel.entries.find(({ path }) => path === `${root}/modules.builtin`);
  return [
    ...kernel.modules.map(
      ({ path, bytes }): TreeEntry => ({ path: `${root}/${path}`, type: 'file', mode: 0o644, bytes }),
    ),
    text(`${root}/modules.dep`, indexes.dep),
    text(`${root}/modules.alias`, indexes.alias),
    ...(builtin ? [builtin] : []),
    text('usr/lib/berth/modules.early', list(earlyModules)),
    text('usr/lib/berth/modules.late', list(lateModules)),
  ];
}

/** The licence text of each package of which something is in the image. */
function licences(packages: PackageFiles[], tree: Map<string, TreeEntry>): TreeEntry[] {
  const used = packages.filter(({ entries }) =>
    entries.some((entry) => entry.type !== 'directory' && tree.get(entry.path)?.bytes === entry.bytes),
  );
  return used.flatMap(({ entries }) =>
    entries.filter(({ path, type }) => type === 'file' && /^usr\/share\/doc\/[^/]+\/copyright$/.test(path)),
  );
}

function addParents(tree: Map<string, TreeEntry>): void {
  for (const path of [...tree.keys()]) {
    const parts = path.split('/').slice(0, -1);
    parts.forEach((_, index) => {
      const parent = parts.slice(0, index + 1).join('/');
      if (!tree.has(parent)) tree.set(parent, { path: parent, type: 'directory', mode: 0o755 });
    });
  }
}
