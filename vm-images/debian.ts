import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { readAr } from './ar.ts';
import { type DebianArch, describeChange, keyOf, type LockedPackage, readLock } from './lock.ts';
import { debianMirror } from './mirror.ts';
import { decompress, download, SignedSuite, Vanished } from './release.ts';
import { readTar, type TreeEntry } from './tar.ts';

/** Downloads of all lock files, by digest; never cleaned up by a build. */
export const defaultCacheDirectory = join(import.meta.dirname, '..', '.cache', 'debian');

/** A package that lies in the cache with the right bytes. */
export interface FetchedPackage extends LockedPackage {
  file: string;
}

export interface FetchOptions {
  /** The lock file; every name asked for must be in it. */
  lockFile: string;
  arch: DebianArch;
  /** Where the names are looked up; `trixie` unless said. */
  suite?: string;
  cacheDirectory?: string;
  /** Without a trailing slash; what `debianMirror()` says unless given. */
  mirror?: string;
  /** Takes the lines that a person should see. */
  say?: (line: string) => void;
}

/**
 * Brings the named packages of a lock file into the cache and returns them in the order of the names. Bytes are
 * checked against the lock's sha256. A version that has vanished from the mirror is resolved anew through Debian's
 * signed package list; the difference is said, and the new one returned. Throws for a name that the lock does not have.
 */
export async function fetchDebianPackages(names: string[], options: FetchOptions): Promise<FetchedPackage[]> {
  const { lockFile, arch, suite = 'trixie', cacheDirectory = defaultCacheDirectory } = options;
  const locked = new Map(readLock(lockFile).packages.map((entry) => [keyOf(entry), entry]));
  const say = options.say ?? console.log;
  mkdirSync(cacheDirectory, { recursive: true });
  let lists: SignedSuite | undefined;
  const fetched: FetchedPackage[] = [];
  for (const name of names) {
    const wanted = locked.get(keyOf({ name, arch, suite }));
    if (!wanted) throw new Error(`${lockFile} has no ${name} of ${suite} for ${arch}`);
    const cached = cachedFile(wanted, cacheDirectory);
    if (cached !== undefined) {
      fetched.push({ ...wanted, file: cached });
      continue;
    }
    const mirror = options.mirror ?? debianMirror();
    try {
      fetched.push({ ...wanted, file: await store(wanted, mirror, cacheDirectory) });
    } catch (error) {
      if (!(error instanceof Vanished)) throw error;
      lists ??= new SignedSuite(mirror, suite);
      const present = await lists.resolve(name, arch);
      say(`A locked Debian package has vanished from ${mirror}; taking what the signed list has now:`);
      say(`  ${describeChange(wanted, present)}`);
      fetched.push({
        ...present,
        file: cachedFile(present, cacheDirectory) ?? (await store(present, mirror, cacheDirectory)),
      });
    }
  }
  return fetched;
}

function cachePath(entry: LockedPackage, cacheDirectory: string): string {
  return join(cacheDirectory, `${entry.sha256.slice(0, 16)}-${basename(entry.path)}`);
}

/** The file in the cache, if its bytes are right; a damaged one is removed. */
function cachedFile(entry: LockedPackage, cacheDirectory: string): string | undefined {
  const file = cachePath(entry, cacheDirectory);
  if (!existsSync(file)) return undefined;
  if (digest(readFileSync(file)) === entry.sha256) return file;
  rmSync(file);
  return undefined;
}

async function store(entry: LockedPackage, mirror: string, cacheDirectory: string): Promise<string> {
  const bytes = await download(`${mirror}/${entry.path}`);
  if (digest(bytes) !== entry.sha256)
    throw new Error(`${mirror}/${entry.path} has not the sha256 ${entry.sha256}; nothing of it was used`);
  const file = cachePath(entry, cacheDirectory);
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, bytes);
  renameSync(part, file);
  return file;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The files of a package, in memory; maintainer scripts are not looked at. Paths of the days before the merged /usr
 * (bin, sbin, lib, lib64) come out below usr.
 */
export function readDebianPackage(file: string): TreeEntry[] {
  const data = readAr(readFileSync(file)).find(({ name }) => name.startsWith('data.tar'));
  if (!data) throw new Error(`${file} is no Debian package: it has no data.tar`);
  return readTar(uncompressed(data.name, data.bytes))
    .map((entry) => ({
      ...entry,
      path: mergedUsr(entry.path),
      ...(entry.type === 'hardlink' ? { target: mergedUsr(entry.target as string) } : {}),
    }))
    .filter(({ path }) => path !== '');
}

function uncompressed(name: string, bytes: Buffer): Buffer {
  if (name === 'data.tar.xz') return decompress('xz', bytes);
  if (name === 'data.tar.zst') return zstdDecompressSync(bytes);
  if (name === 'data.tar.gz') return gunzipSync(bytes);
  if (name === 'data.tar') return bytes;
  throw new Error(`${name}: unknown compression`);
}

function mergedUsr(path: string): string {
  return /^(bin|sbin|lib|lib64)(\/|$)/.test(path) ? `usr/${path}` : path;
}

/**
 * Writes the files of packages below a directory, as the calling user, for programs that are run from there (with
 * their own dynamic loader, see `debianProgram`). Modes are kept, owners and times are not.
 */
export function unpackDebianPackages(packages: FetchedPackage[], directory: string): void {
  mkdirSync(join(directory, 'usr'), { recursive: true });
  for (const entry of packages.flatMap(({ file }) => readDebianPackage(file))) {
    const target = join(directory, entry.path);
    if (entry.type === 'directory') {
      mkdirSync(target, { recursive: true });
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    if (entry.type === 'symlink') {
      // An absolute link of the package means this tree, not the computer's own.
      const link = entry.target as string;
      symlinkSync(link.startsWith('/') ? join(directory, mergedUsr(link.slice(1))) : link, target);
    } else if (entry.type === 'hardlink') {
      writeFileSync(target, readFileSync(join(directory, entry.target as string)), {
        mode: entry.mode | 0o200,
      });
    } else {
      writeFileSync(target, entry.bytes as Buffer, { mode: entry.mode | 0o200 });
    }
  }
}

/** Names that differ between Node's and Debian's words for a processor. */
export const debianArchitectures = {
  x64: {
    debian: 'amd64',
    triple: 'x86_64-linux-gnu',
    loader: 'usr/lib64/ld-linux-x86-64.so.2',
  },
  arm64: {
    debian: 'arm64',
    triple: 'aarch64-linux-gnu',
    loader: 'usr/lib/ld-linux-aarch64.so.1',
  },
} as const satisfies Record<string, { debian: DebianArch; triple: string; loader: string }>;
export type NodeArch = keyof typeof debianArchitectures;

/** The architecture of this computer. Throws where no image can be built. */
export function hostArch(): NodeArch {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  throw new Error(`Images are built on x64 and arm64, not on ${process.arch}`);
}

/** Command and leading arguments that run a program of an unpacked tree with that tree's own libraries. */
export function debianProgram(directory: string, program: string): [command: string, ...args: string[]] {
  const { triple, loader } = debianArchitectures[hostArch()];
  const libraries = ['usr/lib', `usr/lib/${triple}`].map((path) => join(directory, path)).join(':');
  return [join(directory, loader), '--library-path', libraries, join(directory, program)];
}
