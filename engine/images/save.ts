import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { BerthError } from '../errors.ts';
import { mediaTypes, sha256 } from '../registry/manifest.ts';
import { createdSeconds, findImage, isIdPrefix } from './find.ts';
import { hexOf, type StoredImage } from './image-records.ts';
import { familiarName, parseReference, repositoryName, withDefaultTag } from './reference.ts';
import type { ImageStoreParts } from './store.ts';
import { archiveEnd, archiveHeader, archivePadding, streamOf } from './tar-stream.ts';

interface Saved {
  image: StoredImage;
  /** Names to keep, with repository and tag apart. */
  names: { repository: string; tag: string }[];
  config: Buffer;
  manifest: Buffer;
}

/**
 * GET /images/get: an OCI layout with docker's manifest.json and repositories beside it, in dockerd's order of files.
 * Layers are the very tars of their diff ids. Throws image-not-found before the first byte.
 */
export function saveImages(parts: ImageStoreParts, references: string[]): Readable {
  return streamOf(archive(parts, collectSaved(parts, references)));
}

function collectSaved(parts: ImageStoreParts, references: string[]): Saved[] {
  const saved = new Map<string, Saved>();
  for (const text of references) {
    const image = imageToSave(parts, text);
    const entry = saved.get(image.id) ?? savedImage(parts, image);
    saved.set(image.id, entry);
    for (const name of namesFor(parts, image, text)) {
      const known = entry.names.some(
        (other) => other.repository === name.repository && other.tag === name.tag,
      );
      if (!known) entry.names.push(name);
    }
  }
  return [...saved.values()];
}

/** The one call where Docker's "No such image" has the words of the request. */
function imageToSave(parts: ImageStoreParts, text: string): StoredImage {
  try {
    return findImage(parts, text);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'image-not-found') throw error;
    throw new BerthError('image-not-found', `No such image: ${text}`, { reference: text });
  }
}

/** By id: no name; by repository alone or with its tag: that name (as in Docker). */
function namesFor(parts: ImageStoreParts, image: StoredImage, text: string): Saved['names'] {
  if (isIdPrefix(image.id, text)) return [];
  const reference = withDefaultTag(parseReference(text));
  if (reference.digest !== undefined || parts.references.get(reference) !== image.id) return [];
  return [{ repository: repositoryName(reference), tag: reference.tag ?? 'latest' }];
}

function savedImage(parts: ImageStoreParts, image: StoredImage): Saved {
  const config = readFileSync(parts.files.image(hexOf(image.id)).config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: image.id, size: config.length },
      layers: image.file.rootfs.diff_ids.map((digest, index) => ({
        mediaType: mediaTypes.ociLayer,
        digest,
        size: parts.layers.record(image.layers[index]!)?.tarBytes ?? 0,
      })),
    }),
  );
  return { image, names: [], config, manifest };
}

async function* archive(parts: ImageStoreParts, saved: Saved[]): AsyncGenerator<Buffer> {
  const created = Math.max(0, ...saved.map(({ image }) => createdSeconds(image.file.created)));
  yield archiveHeader({ name: 'blobs/', directory: true, sizeBytes: 0, mtime: created });
  yield archiveHeader({ name: 'blobs/sha256/', directory: true, sizeBytes: 0, mtime: created });
  const blobs = new Map<string, { sizeBytes: number; mtime: number; bytes: () => AsyncIterable<Buffer> }>();
  for (const { image, config, manifest } of saved) {
    const mtime = Math.max(0, createdSeconds(image.file.created));
    for (const bytes of [config, manifest]) {
      blobs.set(hexOf(sha256(bytes)), { sizeBytes: bytes.length, mtime, bytes: () => once(bytes) });
    }
    for (const [index, diffId] of image.file.rootfs.diff_ids.entries()) {
      const chain = image.layers[index]!;
      const sizeBytes = parts.layers.record(chain)?.tarBytes ?? 0;
      blobs.set(hexOf(diffId), { sizeBytes, mtime, bytes: () => parts.layers.tar(chain) });
    }
  }
  for (const [hex, blob] of [...blobs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield archiveHeader({ name: `blobs/sha256/${hex}`, sizeBytes: blob.sizeBytes, mtime: blob.mtime });
    yield* blob.bytes();
    yield archivePadding(blob.sizeBytes);
  }
  yield* file('index.json', index(saved));
  yield* file('manifest.json', dockerManifest(saved));
  yield* file('oci-layout', { imageLayoutVersion: '1.0.0' });
  yield* file('repositories', repositories(saved));
  yield archiveEnd;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function* file(name: string, value: unknown): Generator<Buffer> {
  const bytes = Buffer.from(JSON.stringify(value));
  yield archiveHeader({ name, sizeBytes: bytes.length, mtime: 0 });
  yield bytes;
  yield archivePadding(bytes.length);
}

function index(saved: Saved[]): unknown {
  const manifests = saved.flatMap(({ manifest, names }) => {
    const descriptor = { mediaType: mediaTypes.ociManifest, digest: sha256(manifest), size: manifest.length };
    if (names.length === 0) return [descriptor];
    return names.map(({ repository, tag }) => ({
      ...descriptor,
      annotations: {
        'io.containerd.image.name': `${repository}:${tag}`,
        'org.opencontainers.image.ref.name': tag,
      },
    }));
  });
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
}

function dockerManifest(saved: Saved[]): unknown {
  return saved.map(({ image, names }) => ({
    Config: `blobs/sha256/${hexOf(image.id)}`,
    RepoTags:
      names.length > 0 ? names.map(({ repository, tag }) => `${familiarName(repository)}:${tag}`) : null,
    Layers: image.file.rootfs.diff_ids.map((diffId) => `blobs/sha256/${hexOf(diffId)}`),
  }));
}

/** The oldest form's table: the topmost layer of each name. */
function repositories(saved: Saved[]): unknown {
  const table: Record<string, Record<string, string>> = {};
  for (const { image, names } of saved) {
    const top = image.layers.at(-1);
    if (top === undefined) continue;
    for (const { repository, tag } of names) {
      const name = familiarName(repository);
      table[name] = { ...table[name], [tag]: top };
    }
  }
  return table;
}
