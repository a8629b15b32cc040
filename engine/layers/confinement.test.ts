import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** A hostile program under the confinement of berth-unpack (engine/native/test/confined/attempt.c): what it tries fails. */

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-confined-'));
  const sources = ['test/confined/attempt.c', 'unpack/confine.c', 'unpack/report.c'];
  const paths = sources.map((name) => join(import.meta.dirname, '../native', name));
  const flags = ['-std=c17', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-O1', '-static'];
  const built = spawnSync('cc', [...flags, ...paths, '-o', join(directory, 'attempt')], { encoding: 'utf8' });
  expect(built.stderr).toBe('');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let rounds = 0;

/** How an attempt ended: "allowed", the name of an error, or of the signal that ended it. */
function attempt(kind: string, name: string): string {
  const layer = join(directory, `layer-${++rounds}`);
  mkdirSync(layer);
  copyFileSync('/bin/true', join(layer, 'program'));
  chmodSync(join(layer, 'program'), 0o755);
  const root = openSync(layer, 'r');
  const run = spawnSync(join(directory, 'attempt'), [kind, name], {
    stdio: ['ignore', 'pipe', 'ignore', 'ignore', root],
    encoding: 'utf8',
    timeout: 30_000,
  });
  closeSync(root);
  expect(readdirSync(layer)).not.toContain('stolen');
  return run.signal ?? run.stdout;
}

describe.each(['write', 'read', 'container-write', 'container-read'])('%s', (kind) => {
  test('the program itself runs', () => {
    expect(attempt(kind, 'nothing')).toBe('allowed');
  });

  test.each(['absolute', 'upwards', 'process', 'descriptor', 'hard-link', 'symlink', 'device'])(
    'nothing outside of its directory: %s',
    (name) => {
      expect(attempt(kind, name)).toMatch(/^(ENOENT|EBADF|EACCES|EPERM|EROFS|SIGSYS)$/);
    },
  );

  test.each([
    ...['network', 'local-socket', 'ptrace', 'process-memory', 'kill', 'mount', 'chroot', 'setns', 'unshare'],
    ...['file-handle', 'fork', 'execute', 'bpf', 'io-uring', 'keyring', 'module', 'kexec', 'dumpable'],
  ])('no call beyond its list: %s', (name) => {
    expect(attempt(kind, name)).toBe('SIGSYS');
  });

  test('no more memory and time than it is given', () => {
    expect(attempt(kind, 'memory')).toBe('ENOMEM');
    expect(attempt(kind, 'endless')).toMatch(/^SIG(XCPU|KILL)$/);
  });

  test('it writes where that is its task, and nowhere else', () => {
    expect(attempt(kind, 'write')).toBe(kind.endsWith('write') ? 'allowed' : 'EROFS');
  });
});
