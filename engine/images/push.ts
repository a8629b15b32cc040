import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { RegistryAuth } from '../api/images.ts';
import type { ProgressLine } from '../api/json-stream.ts';
import { BerthError } from '../errors.ts';
import { RegistryClient } from '../registry/client.ts';
import { mediaTypes, sha256 } from '../registry/manifest.ts';
import { hexOf, type StoredImage } from './image-records.ts';
import { packLayer } from './pack-layer.ts';
import { BarMeter, wordLine } from './progress.ts';
import { familiarName, parseReference, type Reference, repositoryName } from './reference.ts';
import { isDigest } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';
import { streamOf } from './tar-stream.ts';

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
  const reference = parseReference(options.tag === '' ? options.name : `${options.name}:${options.tag}`);
  const repository = repositoryName(reference);
  const tags = localTags(parts, reference);
  options.progress({ status: `The push refers to repository [${repository}]` });
  const client = new RegistryClient({
    domain: reference.domain,
    path: reference.path,
    familiarName: familiarName(repository),
    ...(options.auth === undefined ? {} : { auth: options.auth }),
    insecure: parts.insecure,
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
  if (found.length > 0) return found;
  const familiar = familiarName(repository);
  const text =
    reference.tag === undefined
      ? `An image does not exist locally with the tag: ${familiar}`
      : `tag does not exist: ${familiar}:${reference.tag}`;
  throw new BerthError('image-not-found', text, { reference: familiar });
}

async function pushTag(
  parts: ImageStoreParts,
  client: RegistryClient,
  target: { tag: string; image: StoredImage; repository: string },
  options: PushOptions,
): Promise<void> {
  const { tag, image, repository } = target;
  using _lease = parts.leases.hold(image.layers);
  const short = (index: number) => hexOf(image.file.rootfs.diff_ids[index]!).slice(0, 12);
  for (const index of image.layers.keys()) options.progress(wordLine('Preparing', short(index)));
  const layers: Blob[] = [];
  for (const [index, chain] of image.layers.entries()) {
    options.signal.throwIfAborted();
    layers.push(await pushLayer(parts, client, { chain, id: short(index) }, options));
  }
  const config = readFileSync(parts.files.image(hexOf(image.id)).config);
  if (!(await client.exists(image.id))) await client.upload(image.id, config.length, () => bytesOf(config));
  const manifest = Buffer.from(
    JSON.stringify(
      {
        schemaVersion: 2,
        mediaType: mediaTypes.dockerManifest,
        config: { mediaType: mediaTypes.dockerConfig, size: config.length, digest: image.id },
        layers: layers.map(({ digest, sizeBytes }) => ({
          mediaType: mediaTypes.dockerLayer,
          size: sizeBytes,
          digest,
        })),
      },
      undefined,
      3,
    ),
  );
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
    if (blob.repository !== client.path && (await client.mount(blob.digest, blob.repository))) {
      options.progress(wordLine(`Mounted from ${blob.repository}`, layer.id));
      await remember(parts, client, layer.chain, blob);
      return blob;
    }
  }
  const packed = await packLayer(parts, layer.chain, options.signal);
  try {
    const meter = new BarMeter({
      send: options.progress,
      status: 'Pushing',
      id: layer.id,
      total: packed.sizeBytes,
    });
    await client.upload(packed.digest, packed.sizeBytes, () => packed.open((sent) => meter.update(sent)));
    meter.finish();
    options.progress(wordLine('Pushed', layer.id));
    await remember(parts, client, layer.chain, packed);
    return packed;
  } finally {
    await packed.discard();
  }
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

function bytesOf(bytes: Buffer): Readable {
  return streamOf(
    (async function* () {
      yield bytes;
    })(),
  );
}
