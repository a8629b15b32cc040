import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { debianMirror } from '../../vm-images/mirror.ts';

/** Debian's own engines, as their newest suite has them. */
const packages = ['docker.io', 'containerd', 'runc', 'crun', 'iptables', 'ca-certificates', 'tini'];
const suite = 'sid';

const directory = join(import.meta.dirname, '..', '..', '.cache', 'peers');

/**
 * A tree of Debian with dockerd, containerd, runc and crun, made once by debootstrap; nothing is installed on this
 * computer and nothing in it starts by itself. Returns its path.
 */
export function peersTree(): string {
  const tree = join(directory, suite);
  if (existsSync(tree)) return tree;
  console.log(`Fetching the peers to measure against into ${tree} (debootstrap of ${suite}) …`);
  mkdirSync(directory, { recursive: true });
  const part = `${tree}.part`;
  rmSync(part, { recursive: true, force: true });
  const result = spawnSync(
    'debootstrap',
    ['--variant=minbase', `--include=${packages.join(',')}`, suite, part, debianMirror()],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (result.status !== 0) throw new Error(`debootstrap of ${suite} ended with ${result.status}`);
  renameSync(part, tree);
  return tree;
}

/**
 * Mounts what programs in the tree need, in this process's own mount namespace: the bench runs in one that ends with
 * it. `data` appears as /bench inside, so that peers write on the same file system as we do.
 */
export function enterable(tree: string, data: string): void {
  mkdirSync(join(tree, 'bench'), { recursive: true });
  // runc's pivot_root wants the root of the calling process to be a mount point.
  mount(['--bind', tree, tree]);
  mount(['-t', 'proc', 'proc', join(tree, 'proc')]);
  mount(['--rbind', '/sys', join(tree, 'sys')]);
  mount(['--rbind', '/dev', join(tree, 'dev')]);
  mount(['-t', 'tmpfs', 'tmpfs', join(tree, 'run')]);
  mount(['--bind', data, join(tree, 'bench')]);
}

function mount(words: string[]): void {
  const result = spawnSync('mount', words, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`mount ${words.join(' ')}: ${result.stderr}`);
}
