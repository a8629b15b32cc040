import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { TestImage } from './push.ts';

export type TestLayer = TestImage['layers'][number];

/**
 * Packs a directory as one layer: names sorted, owner root, one time for all, so that the digest depends on nothing
 * but the contents. `paths` limits it to what a further layer adds.
 */
export function packLayer(options: {
  tree: string;
  out: string;
  createdBy: string;
  paths?: string[];
}): TestLayer {
  const { tree, out, createdBy, paths = ['.'] } = options;
  mkdirSync(out, { recursive: true });
  const tar = join(out, 'layer.tar');
  const list = join(out, 'paths');
  writeFileSync(list, paths.map((path) => `${path}\n`).join(''));
  const packed = spawnSync(
    'tar',
    [
      '--create',
      `--file=${tar}`,
      `--directory=${tree}`,
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mtime=@1767225600',
      '--format=gnu',
      ...(options.paths ? ['--no-recursion'] : []),
      `--files-from=${list}`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (packed.status !== 0) throw new Error(`tar of ${tree} failed with status ${packed.status}`);
  const plain = readFileSync(tar);
  const compressed = gzipSync(plain, { level: 6 });
  const digest = sha256(compressed);
  const file = join(out, `${digest.slice(7)}.tar.gz`);
  writeFileSync(file, compressed);
  rmSync(tar);
  rmSync(list);
  return { file, digest, diffId: sha256(plain), sizeBytes: compressed.length, createdBy };
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
