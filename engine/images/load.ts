import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { ProgressLine } from '../api/json-stream.ts';
import { BerthError } from '../errors.ts';
import { chainHex, chainIds } from '../layers/chain-id.ts';
import { type ArchivedImage, readContents } from './archive-contents.ts';
import { parseConfig, type StoredImage } from './image-records.ts';
import { BarMeter } from './progress.ts';
import { familiar, parseReference, withDefaultTag } from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';
import { archiveEntries } from './tar-stream.ts';

export interface LoadOptions {
  archive: Readable;
  quiet: boolean;
  signal: AbortSignal;
  progress: (line: ProgressLine) => void;
}

/** Files of an archive, spooled: its manifest may come last. */
export interface SpooledArchive {
  /** Path of the spooled file, and its size. */
  file(name: string): { path: string; sizeBytes: number } | undefined;
  text(name: string): Promise<string | undefined>;
}

const textLimitBytes = 8 * 1024 * 1024;

/** POST /images/load: docker-archive (docker save) and OCI layout, plain or compressed. */
export async function loadImages(parts: ImageStoreParts, options: LoadOptions): Promise<void> {
  const directory = join(parts.files.tmp, `load-${randomUUID()}`);
  await mkdir(directory, { mode: 0o700 });
  try {
    const archive = await spool(options, directory);
    const images = await readContents(archive);
    const loaded: { image: StoredImage; names: string[] }[] = [];
    for (const found of images)
      loaded.push({ image: await loadOne(parts, archive, found, options), names: found.names });
    await parts.layers.sync();
    for (const { image, names } of loaded) await announce(parts, image, names, options);
  } finally {
    await parts.layers.discard(directory);
  }
}

async function spool(options: LoadOptions, directory: string): Promise<SpooledArchive> {
  const files = new Map<string, { path: string; sizeBytes: number }>();
  const links = new Map<string, string>();
  let serial = 0;
  for await (const entry of archiveEntries(await plain(options.archive))) {
    options.signal.throwIfAborted();
    if (entry.type === 'link') links.set(entry.name, entry.target);
    if (entry.type !== 'file') continue;
    serial += 1;
    const path = join(directory, String(serial));
    await pipeline(entry.body, createWriteStream(path, { mode: 0o600 }));
    files.set(entry.name, { path, sizeBytes: entry.sizeBytes });
  }
  const file: SpooledArchive['file'] = (name) => {
    let at = name;
    for (let hops = 0; hops < 8 && !files.has(at) && links.has(at); hops++) at = links.get(at)!;
    return files.get(at);
  };
  return {
    file,
    async text(name) {
      const found = file(name);
      if (found === undefined) return undefined;
      if (found.sizeBytes > textLimitBytes) throw new BerthError('archive-invalid', `${name} is too large`);
      return await readFile(found.path, 'utf8');
    },
  };
}

/** The archive without its compression, told by the first bytes. */
async function plain(archive: Readable): Promise<AsyncIterable<Buffer>> {
  const iterator = (archive as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head: Buffer = first.done ? Buffer.alloc(0) : first.value;
  const whole = (async function* () {
    yield head;
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  })();
  const magic = head.toString('hex', 0, 4);
  if (magic.startsWith('1f8b')) return decoded(whole, createGunzip());
  if (magic === '28b52ffd') return decoded(whole, createZstdDecompress());
  return whole;
}

async function* decoded(
  whole: AsyncGenerator<Buffer>,
  decoder: NodeJS.ReadWriteStream & AsyncIterable<Buffer | string>,
): AsyncGenerator<Buffer> {
  const feeding = pipeline(whole, decoder as NodeJS.WritableStream);
  feeding.catch(() => {});
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
    await feeding;
  } catch (error) {
    if (error instanceof BerthError) throw error;
    throw new BerthError(
      'archive-invalid',
      `invalid archive: ${(error as Error).message}`,
      {},
      { cause: error },
    );
  }
}

async function loadOne(
  parts: ImageStoreParts,
  archive: SpooledArchive,
  found: ArchivedImage,
  options: LoadOptions,
): Promise<StoredImage> {
  const config = await readFile(found.config.path);
  const diffIds = parseConfig(config).rootfs.diff_ids;
  if (diffIds.length !== found.layers.length) {
    throw new BerthError(
      'archive-invalid',
      `invalid manifest, layers length mismatch: expected ${found.layers.length}, got ${diffIds.length}`,
    );
  }
  using _lease = parts.leases.hold(chainIds(diffIds));
  let parent: string | undefined;
  for (const [index, diffId] of diffIds.entries()) {
    const chain = chainHex(diffId, parent);
    if (parts.layers.record(chain) === undefined) {
      const layer = archive.file(found.layers[index]!);
      if (layer === undefined) {
        throw new BerthError('archive-invalid', `the archive has no ${found.layers[index]}`);
      }
      await loadLayer(parts, { layer, diffId, parent }, options);
    }
    parent = chain;
  }
  return await parts.images.add(config);
}

async function loadLayer(
  parts: ImageStoreParts,
  request: { layer: { path: string; sizeBytes: number }; diffId: string; parent: string | undefined },
  options: LoadOptions,
): Promise<void> {
  const { layer, diffId, parent } = request;
  const meter = new BarMeter({
    send: (line) => {
      if (!options.quiet) options.progress(line);
    },
    status: 'Loading layer',
    id: diffId.slice('sha256:'.length, 'sha256:'.length + 12),
    total: layer.sizeBytes,
  });
  const applied = await parts.layers.apply({
    blob: createReadStream(layer.path, { highWaterMark: 1024 * 1024 }),
    mediaType: '',
    diffId,
    ...(parent === undefined ? {} : { parent }),
    signal: options.signal,
    progress: (bytes) => meter.update(bytes),
  });
  meter.finish();
  await applied.commit();
}

/** Names the image and says so, as dockerd does. */
async function announce(
  parts: ImageStoreParts,
  image: StoredImage,
  names: string[],
  options: LoadOptions,
): Promise<void> {
  for (const text of names) {
    const reference = withDefaultTag(parseReference(text));
    const before = parts.references.get(reference);
    if (before !== undefined && before !== image.id) {
      options.progress({
        stream: `The image ${familiar(reference)} already exists, renaming the old one with ID ${before} to empty string\n`,
      });
    }
    image.record.lastTagTime = new Date().toISOString();
    await parts.images.save(image);
    await parts.references.add([nameOf(reference)], image.id);
    options.progress({ stream: `Loaded image: ${familiar(reference)}\n` });
  }
  if (names.length === 0) options.progress({ stream: `Loaded image ID: ${image.id}\n` });
  parts.events.publish('image', 'load', image.id, { name: image.id });
}
