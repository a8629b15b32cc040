import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { archiveEnd, archiveHeader, archivePadding } from '../../engine/images/tar-stream.ts';
import type { TestImage } from './push.ts';

/** A tar of one file, `noise`, of bytes that no compression makes smaller. */
export function noiseTar(sizeBytes: number): Buffer {
  const header = archiveHeader({ name: 'noise', sizeBytes, mtime: 0 });
  return Buffer.concat([header, randomBytes(sizeBytes), archivePadding(sizeBytes), archiveEnd]);
}

/** How a layer's tar is packed. `gzip in members`: one stream of several gzip files, as pigz and estargz write it. */
export const packings = {
  gzip: (tar: Buffer) => gzipSync(tar, { level: 1 }),
  'gzip in members': (tar: Buffer) => {
    const cut = Math.floor(tar.length / 3);
    const pieces = [tar.subarray(0, cut), tar.subarray(cut, cut + 1), tar.subarray(cut + 1)];
    return Buffer.concat(pieces.map((piece) => gzipSync(piece, { level: 1 })));
  },
  zstd: (tar: Buffer) => zstdCompressSync(tar),
  plain: (tar: Buffer) => tar,
};

/** An image of one layer of a tar, packed in one of the ways. */
export function imageOfTar(
  tar: Buffer,
  options: { name: string; directory: string; packing: keyof typeof packings },
): TestImage {
  const { name, directory, packing } = options;
  const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const packed = packings[packing](tar);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${name}.layer`);
  writeFileSync(file, packed);
  const layer = { file, digest: digestOf(packed), diffId: digestOf(tar), sizeBytes: packed.length };
  return {
    name,
    tag: 'latest',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    config: {},
    layers: [{ ...layer, createdBy: 'noise' }],
  };
}
