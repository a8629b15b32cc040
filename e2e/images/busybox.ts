import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packLayer } from './layer.ts';
import type { TestImage } from './push.ts';

/** The smallest image: Debian's static busybox with a link for each of its programs. */
export function busyboxImage(dir: string, tag = 'latest'): TestImage {
  const tree = join(dir, 'tree');
  rmSync(dir, { recursive: true, force: true });
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp', 'usr', 'var/log', 'home']) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  chmodSync(join(tree, 'tmp'), 0o1777);
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  chmodSync(join(tree, 'bin/busybox'), 0o755);
  const programs = spawnSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).stdout.split('\n');
  for (const name of programs) {
    if (name !== '' && name !== 'busybox') symlinkSync('busybox', join(tree, 'bin', name));
  }
  writeFileSync(
    join(tree, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  );
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  const layer = packLayer({ tree, out: dir, createdBy: 'COPY busybox /bin/' });
  rmSync(tree, { recursive: true, force: true });
  return {
    name: 'busybox',
    tag,
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    config: { Cmd: ['sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] },
    layers: [layer],
  };
}
