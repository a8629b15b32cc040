import { readFileSync } from 'node:fs';
import type { RegistryAuth } from '../api/images.ts';
import type { ProgressLine } from '../api/json-stream.ts';
import { BerthError } from '../errors.ts';
import { RegistryClient } from '../registry/client.ts';
import { mediaTypes, sha256 } from '../registry/manifest.ts';
import { bytesToSend, mountBlob, uploadBlob } from '../registry/upload.ts';
import { hexOf, type StoredImage } from './image-records.ts';
import { PackedLayer } from './pack-layer.ts';
import { BarMeter, wordLine } from './progress.ts';
import { familiarName, isTag, parseReference, type Reference, repositoryName } from './reference.ts';
import { isDigest } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

export interface PushOptions {
  name: string;
  tag: string;
  auth?: RegistryAuth;
  signal: AbortSignal;
  progress: (line: ProgressLine) => void;
}

interface Blob {
  digest: string;
  sizeBytes: number;
}

/** POST /images/{name}/push; without a tag all tags of the repository. Lines as dockerd's. */
export async function pushImage(parts: ImageStoreParts, options: PushOptions): Promise<void> {
  if (options.tag !== '' && !isTag(options.tag)) throw new BerthError('bad-reference', 'invalid tag format');
  const reference = parseReference(options.tag === '' ? options.name : `${options.name}:${options.tag}`);
  if (reference.digest !== undefined) {
    throw new BerthError('bad-reference', 'cannot push a digest reference');
  }
  const repository = repositoryName(reference);
  options.progress({ status: `The push refers to repository [${repository}]` });
  const tags = localTags(parts, reference);
  const client = new RegistryClient({
    registries: parts.registries,
    target: parts.registries.registry(reference.domain),
    path: reference.path,
    familiarName: familiarName(repository),
    ...(options.auth === undefined ? {} : { auth: options.auth }),
    access: 'pull,push',
    signal: options.signal,
  });
  for (const { tag, image } of tags) await pushTag(parts, client, { tag, image, repository }, options);
}

function localTags(parts: ImageStoreParts, reference: Reference): { tag: string; image: StoredImage }[] {
  const repository = repositoryName(reference);
  const found = parts.images.visible().flatMap((image) =>
    parts.references
      .namesOf(image.id)
      .filter((name) => name.repository === repository && !isDigest(name))
      .filter((name) => reference.tag === undefined || name.key === reference.tag)
      .map((name) => ({ tag: name.key, image })),
  );
  if (found.length > 0) return found.sort((a, b) => (a.tag < b.tag ? -1 : 1));
  const familiar = familiarName(repository);
  throw new BerthError('image-not-found', `An image does not exist locally with the tag: ${familiar}`, {
    reference: familiar,
  });
}

async function pushTag(
  parts: ImageStoreParts,
  client: RegistryClient,
  target: { tag: string; image: StoredImage; repository: string },
  options: PushOptions,
): Promise<void> {
  const { tag, image, repository } = target;
  using _lease = parts.leases.hold(image.layers);
  const layers = await pushLayers(parts, client, image, options);
  const config = readFileSync(parts.files.image(hexOf(image.id)).config);
  if (!(await client.exists(image.id))) {
    await uploadBlob(client, bytesToSend(image.id, config), options.signal);
  }
  const manifest = dockerManifest({ digest: image.id, sizeBytes: config.length }, layers);
  await client.putManifest(tag, manifest, mediaTypes.dockerManifest);
  const digest = sha256(manifest);
  image.record.manifests.push({ digest, mediaType: mediaTypes.dockerManifest, repository });
  await parts.images.save(image);
  await parts.references.add([{ repository, key: `@${digest}` }], image.id);
  options.progress({ status: `${tag}: digest: ${digest} size: ${manifest.length}` });
  options.progress({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: manifest.length } });
  parts.events.publish('image', 'push', `${familiarName(repository)}:${tag}`, {
    name: familiarName(repository),
  });
}

/** The layers of an image, told and sent topmost first as by dockerd, several at once; given base first. */
async function pushLayers(
  parts: ImageStoreParts,
  client: RegistryClient,
  image: StoredImage,
  options: PushOptions,
): Promise<Blob[]> {
  const layers = image.layers.map((chain, index) => ({
    chain,
    id: hexOf(image.file.rootfs.diff_ids[index]!).slice(0, 12),
  }));
  const topFirst = layers.toReversed();
  for (const { id } of topFirst) options.progress(wordLine('Preparing', id));
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const sending = topFirst.map(async (layer) => {
    if (parts.uploads.busy) options.progress(wordLine('Waiting', layer.id));
    return await parts.uploads.run(async () => {
      signal.throwIfAborted();
      return await pushLayer(parts, client, layer, { ...options, signal });
    });
  });
  for (const work of sending) work.catch((error) => failed.abort(error));
  const results = await Promise.allSettled(sending);
  if (options.signal.aborted) throw new BerthError('canceled', 'context canceled');
  if (failed.signal.aborted) throw failed.signal.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])).toReversed();
}

/** The manifest's bytes as dockerd writes them: its digest is then the same for the same layers. */
function dockerManifest(config: Blob, layers: Blob[]): Buffer {
  const { dockerManifest: mediaType, dockerConfig, dockerLayer } = mediaTypes;
  const entry = (type: string, blob: Blob) => ({
    mediaType: type,
    size: blob.sizeBytes,
    digest: blob.digest,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: entry(dockerConfig, config),
    layers: layers.map((layer) => entry(dockerLayer, layer)),
  };
  return Buffer.from(JSON.stringify(manifest, undefined, 3));
}

/** Sends a layer unless the registry has it, here or in a repository that it came from. */
async function pushLayer(
  parts: ImageStoreParts,
  client: RegistryClient,
  layer: { chain: string; id: string },
  options: PushOptions,
): Promise<Blob> {
  const known = (parts.layers.record(layer.chain)?.blobs ?? []).filter(
    (blob) => blob.registry === client.domain && /gzip/.test(blob.mediaType),
  );
  for (const blob of known) {
    if (await client.exists(blob.digest)) {
      options.progress(wordLine('Layer already exists', layer.id));
      return blob;
    }
  }
  for (const blob of known) {
    if (blob.repository !== client.path && (await mountBlob(client, blob.digest, blob.repository))) {
      options.progress(wordLine(`Mounted from ${blob.repository}`, layer.id));
      await remember(parts, client, layer.chain, blob);
      return blob;
    }
  }
  const meter = new BarMeter({
    send: options.progress,
    status: 'Pushing',
    id: layer.id,
    total: parts.layers.record(layer.chain)?.tarBytes ?? 0,
  });
  await using packed = new PackedLayer(parts, {
    chain: layer.chain,
    signal: options.signal,
    progress: (bytes) => meter.update(bytes),
  });
  await uploadBlob(client, packed, options.signal);
  meter.finish();
  options.progress(wordLine('Pushed', layer.id));
  await remember(parts, client, layer.chain, packed);
  return { digest: packed.digest, sizeBytes: packed.sizeBytes };
}

async function remember(
  parts: ImageStoreParts,
  client: RegistryClient,
  chain: string,
  blob: Blob,
): Promise<void> {
  await parts.layers.addBlob(chain, {
    registry: client.domain,
    repository: client.path,
    digest: blob.digest,
    sizeBytes: blob.sizeBytes,
    mediaType: mediaTypes.dockerLayer,
  });
}
