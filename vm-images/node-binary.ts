import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { defaultCacheDirectory, type NodeArch } from './debian.ts';
import { readTar } from './tar.ts';

const projectDirectory = join(import.meta.dirname, '..');

/**
 * Node's program and licence for an architecture, from the npm package of the project's lock file: the installed one,
 * else (another architecture than this computer's) fetched by npm and checked against the lock's digest.
 */
export function nodeFiles(arch: NodeArch): { program: Buffer; licence: Buffer } {
  const name = `node-linux-${arch}`;
  const installed = join(projectDirectory, 'node_modules', name);
  if (existsSync(join(installed, 'bin', 'node'))) {
    return {
      program: readFileSync(join(installed, 'bin', 'node')),
      licence: readFileSync(join(installed, 'LICENSE')),
    };
  }
  const entries = readTar(gunzipSync(readFileSync(packedNode(name))));
  const bytes = (path: string) => {
    const found = entries.find((entry) => entry.path === path)?.bytes;
    if (!found) throw new Error(`the npm package ${name} has no ${path}`);
    return found;
  };
  return { program: bytes('package/bin/node'), licence: bytes('package/LICENSE') };
}

function packedNode(name: string): string {
  const lock = JSON.parse(readFileSync(join(projectDirectory, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string } | undefined>;
  };
  const locked = lock.packages[`node_modules/${name}`];
  if (!locked) throw new Error(`package-lock.json has no ${name}`);
  const directory = join(defaultCacheDirectory, '..', 'npm');
  const file = join(directory, `${name}-${locked.version}.tgz`);
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true });
    const result = spawnSync(
      'npm',
      ['pack', '--silent', '--pack-destination', directory, `${name}@${locked.version}`],
      { encoding: 'utf8', cwd: projectDirectory },
    );
    if (result.error) throw new Error(`npm cannot be run: ${result.error.message}`);
    if (result.status !== 0) throw new Error(`npm pack ${name} failed: ${result.stderr}`);
  }
  const [algorithm, wanted] = locked.integrity.split('-', 2) as [string, string];
  if (createHash(algorithm).update(readFileSync(file)).digest('base64') !== wanted)
    throw new Error(`${file} is not what package-lock.json says; remove it`);
  return file;
}
