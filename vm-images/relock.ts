import { join } from 'node:path';
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

/**
 * `node vm-images/relock.ts` renews the image's lock; `node vm-images/relock.ts FILE [SUITE/ARCH/NAME…]` renews another lock
 * file, with further packages added.
 */
async function main([file, ...added]: string[]): Promise<void> {
  const image = (['amd64', 'arm64'] as const).flatMap((arch) =>
    lockedNames(arch).map((name) => ({ name, arch, suite })),
  );
  const wanted =
    file === undefined ? image : uniqueWanted([...readLock(file).packages, ...added.map(parseWanted)]);
  const changes = await relock(file ?? join(import.meta.dirname, 'debian-lock.json'), wanted);
  for (const line of changes) console.log(line);
}

function uniqueWanted(wanted: Wanted[]): Wanted[] {
  return [...new Map(wanted.map((entry) => [keyOf(entry), entry])).values()];
}

function parseWanted(text: string): Wanted {
  const [suite, arch, name] = text.split('/');
  if (!suite || !name || (arch !== 'amd64' && arch !== 'arm64'))
    throw new Error(`${text} is not SUITE/amd64/NAME or SUITE/arm64/NAME`);
  return { suite, arch, name };
}

if (import.meta.main) await main(process.argv.slice(2));
