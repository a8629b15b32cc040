import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  debianArchitectures,
  fetchDebianPackages,
  hostArch,
  readDebianPackage,
} from '../vm-images/debian.ts';

/** The real docker commands that the engine is tested with, by Debian's lock in e2e/debian-lock.json. */
export const dockerClis = {
  '20.10': { package: 'docker.io', suite: 'bookworm' },
  '26': { package: 'docker-cli', suite: 'trixie' },
  newest: { package: 'docker-cli', suite: 'sid' },
} as const;
export type DockerCliName = keyof typeof dockerClis;

const directory = join(import.meta.dirname, '..', '.cache', 'docker-cli');

/**
 * Path and Debian version of one of the docker commands; fetched and unpacked at the first use. Only the command is
 * taken out of its package: no daemon is installed, and nothing outside .cache is written.
 */
export async function dockerCli(name: DockerCliName): Promise<{ program: string; version: string }> {
  const { package: wanted, suite } = dockerClis[name];
  const [fetched] = await fetchDebianPackages([wanted], {
    lockFile: join(import.meta.dirname, 'debian-lock.json'),
    arch: debianArchitectures[hostArch()].debian,
    suite,
  });
  if (!fetched) throw new Error(`${wanted} of ${suite} was not fetched`);
  const program = join(directory, fetched.sha256.slice(0, 16), 'docker');
  if (!existsSync(program)) {
    const entry = readDebianPackage(fetched.file).find(({ path }) => path === 'usr/bin/docker');
    if (!entry?.bytes) throw new Error(`${fetched.file} has no usr/bin/docker`);
    mkdirSync(dirname(program), { recursive: true });
    const part = `${program}.${process.pid}`;
    rmSync(part, { force: true });
    writeFileSync(part, entry.bytes, { mode: 0o755 });
    renameSync(part, program);
  }
  return { program, version: fetched.version };
}
