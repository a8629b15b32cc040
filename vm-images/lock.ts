import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** One Debian package of a lock file: where it lies below any mirror, and what its bytes must be. */
export interface LockedPackage {
  /** What was asked for: a package, or a metapackage whose one dependency is the real thing. */
  name: string;
  /** Debian's name of the architecture: amd64, arm64; also for packages of the architecture "all". */
  arch: DebianArch;
  suite: string;
  /** The package itself, where it is not called as it was asked for. */
  package?: string;
  version: string;
  /** Below the mirror: pool/main/…. */
  path: string;
  sha256: string;
  sizeBytes: number;
}

export type DebianArch = 'amd64' | 'arm64';

/** A lock file: JSON, sorted, without any download host. */
export interface Lock {
  format: 1;
  packages: LockedPackage[];
}

export function readLock(file: string): Lock {
  if (!existsSync(file)) return { format: 1, packages: [] };
  const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;
  if (lock.format !== 1)
    throw new Error(`${file} has the unknown format ${JSON.stringify(lock.format)}; update Berth`);
  return lock;
}

export function writeLock(file: string, packages: LockedPackage[]): void {
  const sorted = packages.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  writeFileSync(file, `${JSON.stringify({ format: 1, packages: sorted }, null, 2)}\n`);
}

/** Identity of an entry: what was asked for, of which suite, for which architecture. */
export function keyOf({ name, arch, suite }: Pick<LockedPackage, 'name' | 'arch' | 'suite'>): string {
  return `${suite} ${arch} ${name}`;
}

/** By code unit: the order must not depend on the locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What differs between a locked package and the one resolved in its place, for people. */
export function describeChange(before: LockedPackage, after: LockedPackage): string {
  const of = (locked: LockedPackage) =>
    `${locked.package ?? locked.name} ${locked.version} sha256:${locked.sha256.slice(0, 12)}`;
  return `${before.suite}/${before.arch} ${before.name}: ${of(before)} → ${of(after)}`;
}
