import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { archiveEnd, archiveHeader, archivePadding } from '../../engine/images/tar-stream.ts';
import type { TestImage } from '../images/push.ts';

/** Large images of one layer, the same bytes on every computer. */
const shapes = {
  /** Like a language's base image: about 209 MB, 70 MB as gzip. */
  bulk: { files: 15_000, meanBytes: 14_000 },
  /** Like an application with its modules. */
  'many-files': { files: 60_000, meanBytes: 4_000 },
};

export type BulkImage = keyof typeof shapes;

/** Makes an image, or finds it in the directory from an earlier run. */
export function bulkImage(name: BulkImage, directory: string): TestImage {
  const record = join(directory, `${name}.json`);
  if (existsSync(record)) return JSON.parse(readFileSync(record, 'utf8')) as TestImage;
  mkdirSync(directory, { recursive: true });
  const tar = Buffer.concat([...entries(shapes[name]), archiveEnd]);
  const packed = gzipSync(tar);
  const file = join(directory, `${name}.tar.gz`);
  writeFileSync(file, packed);
  const layer = { file, digest: digestOf(packed), diffId: digestOf(tar), sizeBytes: packed.length };
  const image: TestImage = {
    name,
    tag: 'latest',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    config: { Cmd: ['true'] },
    layers: [{ ...layer, createdBy: `${shapes[name].files} files` }],
  };
  writeFileSync(record, JSON.stringify(image));
  return image;
}

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function* entries({ files, meanBytes }: { files: number; meanBytes: number }): Generator<Buffer> {
  const next = generator();
  const text = prose(next, 4 * 1024 * 1024);
  for (let at = 0; at < files; at++) {
    const directory = `usr/lib/part-${Math.floor(at / 100)}/`;
    if (at % 100 === 0) yield archiveHeader({ name: directory, directory: true, sizeBytes: 0, mtime: 0 });
    const sizeBytes = 1 + Math.floor(next() * 2 * meanBytes);
    yield archiveHeader({ name: `${directory}file-${at}.txt`, sizeBytes, mtime: 0 });
    const start = Math.floor(next() * (text.length - sizeBytes));
    yield text.subarray(start, start + sizeBytes);
    yield archivePadding(sizeBytes);
  }
}

/** Words in a random order, with numbers among them: gzip makes a third of it, as of programs and their texts. */
function prose(next: () => number, sizeBytes: number): Buffer {
  const words = Array.from({ length: 4000 }, () =>
    Math.floor(next() * 36 ** 6)
      .toString(36)
      .slice(0, 2 + Math.floor(next() * 5)),
  );
  const chunks: string[] = [];
  for (let length = 0; length < sizeBytes; ) {
    const word =
      next() < 0.1 ? String(Math.floor(next() * 1e6)) : (words[Math.floor(next() ** 2 * words.length)] ?? '');
    chunks.push(word);
    length += word.length + 1;
  }
  return Buffer.from(chunks.join(' '));
}

/** Numbers from 0 to 1, always the same ones. */
function generator(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
