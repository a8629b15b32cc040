import type { RegistryAuth } from '../api/images.ts';
import type { ProgressLine } from '../api/json-stream.ts';
import { BerthError } from '../errors.ts';
import { chainIds } from '../layers/chain-id.ts';
import { RegistryClient } from '../registry/client.ts';
import {
  choosePlatform,
  type FetchedManifest,
  type Manifest,
  machinePlatform,
  parseManifest,
  parsePlatform,
} from '../registry/manifest.ts';
import { parseConfig, type StoredImage } from './image-records.ts';
import { BarMeter, wordLine } from './progress.ts';
import { type LayerToPull, pullLayer } from './pull-layer.ts';
import {
  familiar,
  familiarName,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { LayerStep } from './shared-layers.ts';
import type { ImageStoreParts } from './store.ts';

/** Larger configs are refused, as in Docker. */
const configLimitBytes = 8 * 1024 * 1024;

export interface PullOptions {
  name: string;
  tag: string;
  platform?: string;
  auth?: RegistryAuth;
  signal: AbortSignal;
  progress: (line: ProgressLine) => void;
}

/** POST /images/create?fromImage=: the order and fields of the lines are dockerd's. */
export async function pullImage(parts: ImageStoreParts, options: PullOptions): Promise<void> {
  const reference = pullReference(options.name, options.tag);
  const client = new RegistryClient({
    domain: reference.domain,
    path: reference.path,
    familiarName: familiarName(repositoryName(reference)),
    ...(options.auth === undefined ? {} : { auth: options.auth }),
    insecure: parts.insecure,
    access: 'pull',
    signal: options.signal,
  });
  const top = await client.manifest(reference.digest ?? reference.tag ?? 'latest', familiar(reference));
  options.progress({
    status: `Pulling from ${shownPath(reference)}`,
    id: reference.digest ?? reference.tag ?? 'latest',
  });
  const manifest = await platformManifest(client, top, options, familiar(reference));
  const configBytes = await client.smallBlob(manifest.config.digest, configLimitBytes);
  const before = parts.references.get(reference);
  const image = await fetchImage(parts, { client, manifest, configBytes, options });
  await name(parts, { reference, top, image });
  options.progress({ status: `Digest: ${top.digest}` });
  const news = before === image.id ? 'Image is up to date for' : 'Downloaded newer image for';
  options.progress({ status: `Status: ${news} ${familiar(reference)}` });
  parts.events.publish('image', 'pull', familiar(reference), {
    name: familiarName(repositoryName(reference)),
  });
}

/** `fromImage` and `tag` of the request: the tag may be a digest, or part of the name already. */
function pullReference(name: string, tag: string): Reference {
  const parsed = parseReference(name);
  if (tag === '') return withDefaultTag(parsed);
  if (/^[A-Za-z0-9_+.-]+:[0-9a-fA-F]+$/.test(tag)) return parseReference(`${name.split('@')[0]}@${tag}`);
  const { tag: _tag, digest: _digest, ...repository } = parsed;
  return parseReference(`${repositoryName(repository)}:${tag}`);
}

function shownPath(reference: Reference): string {
  return reference.path;
}

async function platformManifest(
  client: RegistryClient,
  top: FetchedManifest,
  options: PullOptions,
  shown: string,
): Promise<Manifest> {
  const wanted = options.platform ? parsePlatform(options.platform) : machinePlatform();
  let fetched = top;
  // An index may hold indexes; one level of that is all that exists in the wild.
  for (let depth = 0; depth < 3; depth++) {
    const parsed = parseManifest(fetched);
    if (parsed.kind === 'manifest') return parsed.manifest;
    fetched = await client.manifest(choosePlatform(parsed.index, wanted).digest, shown);
  }
  throw new BerthError('registry-failed', `${shown}: indexes are nested too deeply`);
}

/** Layers and config of an image into the store; what is there already is not asked for. */
async function fetchImage(
  parts: ImageStoreParts,
  request: { client: RegistryClient; manifest: Manifest; configBytes: Buffer; options: PullOptions },
): Promise<StoredImage> {
  const { client, manifest, configBytes, options } = request;
  const diffIds = parseConfig(configBytes).rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw new BerthError('registry-failed', 'layers from manifest don’t match image configuration');
  }
  const chains = chainIds(diffIds);
  using _lease = parts.leases.hold(chains);
  const layers: LayerToPull[] = manifest.layers.map((descriptor, index) => ({
    descriptor,
    diffId: diffIds[index]!,
    chain: chains[index]!,
    parent: chains[index - 1],
  }));
  await fetchLayers(parts, client, layers, options);
  await parts.layers.sync();
  return await parts.images.add(configBytes);
}

async function fetchLayers(
  parts: ImageStoreParts,
  client: RegistryClient,
  layers: LayerToPull[],
  options: PullOptions,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  let below: Promise<unknown> = Promise.resolve();
  const running: Promise<unknown>[] = [];
  for (const layer of layers) {
    const id = layer.descriptor.digest.slice('sha256:'.length, 'sha256:'.length + 12);
    if (parts.layers.record(layer.chain) !== undefined) {
      options.progress(wordLine('Already exists', id));
      continue;
    }
    options.progress(wordLine('Pulling fs layer', id));
    const lower = below;
    const arrival = parts.arriving.join({
      chain: layer.chain,
      signal,
      listener: narrate({ id, layer, below: lower, send: options.progress }),
      work: (report, shared) => pullLayer(parts, { client, layer, below: lower, report, signal: shared }),
    });
    // The first failure stops the others; its reason is what the caller hears.
    arrival.catch((error) => failed.abort(error));
    below = arrival;
    running.push(arrival);
  }
  const results = await Promise.allSettled(running);
  if (options.signal.aborted) throw new BerthError('canceled', 'context canceled');
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  for (const layer of layers) {
    await parts.layers.addBlob(layer.chain, {
      registry: client.domain,
      repository: client.path,
      digest: layer.descriptor.digest,
      sizeBytes: layer.descriptor.size,
      mediaType: layer.descriptor.mediaType,
    });
  }
}

/** Turns the steps of a layer into dockerd's lines: extracting is told from when the layer below is in its place. */
function narrate(options: {
  id: string;
  layer: LayerToPull;
  below: Promise<unknown>;
  send: (line: ProgressLine) => void;
}): (step: LayerStep) => void {
  const { id, send } = options;
  const total = options.layer.descriptor.size;
  const downloading = new BarMeter({ send, status: 'Downloading', id, total });
  const extracting = new BarMeter({ send, status: 'Extracting', id, total });
  let lowerDone = false;
  let downloaded = false;
  options.below.then(
    () => {
      lowerDone = true;
    },
    () => {},
  );
  return (step) => {
    if (step.step === 'waiting') send(wordLine('Waiting', id));
    else if (step.step === 'downloading') downloading.update(step.current);
    else if (step.step === 'downloaded' && !downloaded) {
      downloaded = true;
      send(wordLine('Verifying Checksum', id));
      send(wordLine('Download complete', id));
    } else if (step.step === 'extracting' && step.current === step.total) extracting.finish();
    else if (step.step === 'extracting' && lowerDone) extracting.update(step.current);
    else if (step.step === 'done') send(wordLine('Pull complete', id));
  };
}

/** Tag and digest of the pulled manifest now mean this image. */
async function name(
  parts: ImageStoreParts,
  pulled: { reference: Reference; top: FetchedManifest; image: StoredImage },
): Promise<void> {
  const { reference, top, image } = pulled;
  const repository = repositoryName(reference);
  const names = [{ repository, key: `@${top.digest}` }];
  if (reference.digest === undefined) names.unshift(nameOf(reference));
  const known = image.record.manifests.some(
    (manifest) => manifest.digest === top.digest && manifest.repository === repository,
  );
  if (!known) {
    image.record.manifests.push({ digest: top.digest, mediaType: top.mediaType, repository });
    await parts.images.save(image);
  }
  await parts.references.add(names, image.id);
}
