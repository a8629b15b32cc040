import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeChange, keyOf, type LockedPackage, readLock, writeLock } from './lock.ts';
import { debianMirror } from './mirror.ts';
import { lockedNames, suite } from './packages.ts';
import { SignedSuite } from './release.ts';

/** A name to look up. */
export type Wanted = Pick<LockedPackage, 'name' | 'arch' | 'suite'>;

/**
 * Writes a lock file anew: every wanted package as Debian's signed lists have it now. Returns what changed, for people.
 */
export async function relock(lockFile: string, wanted: Wanted[], mirror = debianMirror()): Promise<string[]> {
  const suites = new Map<string, SignedSuite>();
  const before = new Map(readLock(lockFile).packages.map((entry) => [keyOf(entry), entry]));
  const changes: string[] = [];
  const packages: LockedPackage[] = [];
  for (const { name, arch, suite } of wanted) {
    const lists = suites.get(suite) ?? new SignedSuite(mirror, suite);
    suites.set(suite, lists);
    const resolved = await lists.resolve(name, arch);
    packages.push(resolved);
    const old = before.get(keyOf(resolved));
    if (!old) changes.push(`${suite}/${arch} ${name}: new, ${resolved.version}`);
    else if (old.sha256 !== resolved.sha256) changes.push(describeChange(old, resolved));
  }
  writeLock(lockFile, packages);
  return changes;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const wanted = (['amd64', 'arm64'] as const).flatMap((arch) =>
    lockedNames(arch).map((name) => ({ name, arch, suite })),
  );
  for (const line of await relock(join(import.meta.dirname, 'debian-lock.json'), wanted)) console.log(line);
}
