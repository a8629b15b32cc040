import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostArch } from './debian.ts';

/**
 * Builds the image twice: in directories of different depth, time zones, locales, umasks and (as root) users, and
 * compares every file. `node vm-images/reproducible.proof.ts [--arch x64|arm64]`; ends with 1 when they differ.
 */

interface Surroundings {
  directory: string;
  environment: Record<string, string>;
  umask: string;
  uid: number | undefined;
}

const project = join(import.meta.dirname, '..');
const nobody = 65534;

/** A copy of what a build reads, in a place of its own; nothing is shared but the installed npm packages. */
function copyProject(directory: string, uid: number | undefined): void {
  mkdirSync(join(directory, '.cache'), { recursive: true });
  cpSync(join(project, 'vm-images'), join(directory, 'vm-images'), { recursive: true });
  cpSync(join(project, 'package-lock.json'), join(directory, 'package-lock.json'));
  cpSync(join(project, 'package.json'), join(directory, 'package.json'));
  for (const name of ['debian', 'npm']) {
    const cache = join(project, '.cache', name);
    if (existsSync(cache)) cpSync(cache, join(directory, '.cache', name), { recursive: true });
  }
  symlinkSync(join(project, 'node_modules'), join(directory, 'node_modules'));
  if (uid !== undefined) own(directory, uid);
}

function own(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) own(join(path, entry.name), uid);
    else if (entry.isFile()) chownSync(join(path, entry.name), uid, uid);
  }
}

function build(arch: string, { directory, environment, umask, uid }: Surroundings): Record<string, string> {
  copyProject(directory, uid);
  const out = join(directory, 'out');
  const script = `umask ${umask} && cd "$1" && exec "$2" vm-images/build.ts --arch "$3" --out "$4"`;
  const result = spawnSync('sh', ['-c', script, 'sh', directory, process.execPath, arch, out], {
    stdio: 'inherit',
    env: { PATH: process.env.PATH, HOME: directory, TMPDIR: directory, ...environment },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (result.status !== 0) throw new Error(`the build in ${directory} failed with ${result.status}`);
  const names = readdirSync(out).filter((name) => !name.startsWith('.'));
  return Object.fromEntries(
    names.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex'),
    ]),
  );
}

/** Builds twice; whether every file is the same, and a line for each with its digests. */
export function compareTwoBuilds(arch: string = hostArch()): { same: boolean; lines: string[] } {
  const root = mkdtempSync(join(tmpdir(), 'berth-reproducible-'));
  try {
    // The second build may be another user's, who has to get this far.
    chmodSync(root, 0o755);
    const first = build(arch, {
      directory: join(root, 'a'),
      environment: { TZ: 'UTC', LC_ALL: 'C' },
      umask: '022',
      uid: undefined,
    });
    const second = build(arch, {
      directory: join(root, 'another place', 'much', 'deeper'),
      environment: { TZ: 'Asia/Kathmandu', LC_ALL: 'C.UTF-8', LANG: 'zh_CN.UTF-8' },
      umask: '077',
      uid: process.getuid?.() === 0 ? nobody : undefined,
    });
    return compareBuilds(first, second);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function compareBuilds(
  first: Record<string, string>,
  second: Record<string, string>,
): { same: boolean; lines: string[] } {
  const names = Object.keys({ ...first, ...second });
  const lines = names.map((name) => {
    const equal = first[name] === second[name];
    return `${equal ? 'same  ' : 'DIFFER'} ${name} ${first[name]}${equal ? '' : ` ${second[name]}`}`;
  });
  return { same: names.every((name) => first[name] === second[name]), lines };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { arch: { type: 'string' } } });
  const { same, lines } = compareTwoBuilds(values.arch);
  console.log(lines.join('\n'));
  if (!same) process.exitCode = 1;
}
