import type { RegistryAuth } from '../api/images.ts';
import type { ProgressLine } from '../api/json-stream.ts';
import { asBerthError, BerthError } from '../errors.ts';
import { chainIds } from '../layers/chain-id.ts';
import { RegistryClient } from '../registry/client.ts';
import {
  choosePlatform,
  type FetchedManifest,
  fitsPlatform,
  type Manifest,
  machinePlatform,
  type Platform,
  parseManifest,
  parsePlatform,
  showPlatform,
} from '../registry/manifest.ts';
import { forgetDownload } from './download.ts';
import { parseConfig, type StoredImage } from './image-records.ts';
import { BarMeter, wordLine } from './progress.ts';
import { type LayerToPull, pullLayer } from './pull-layer.ts';
import {
  familiar,
  familiarName,
  isTag,
  parseReference,
  type Reference,
  repositoryName,
} from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { LayerStep } from './shared-layers.ts';
import type { ImageStoreParts } from './store.ts';

/** Larger configs are refused, as in Docker. */
export const configLimitBytes = 8 * 1024 * 1024;

export interface PullOptions {
  name: string;
  tag: string;
  platform?: string;
  auth?: RegistryAuth;
  signal: AbortSignal;
  progress: (line: ProgressLine) => void;
}

/**
 * POST /images/create?fromImage=: the order and fields of the lines are dockerd's. A name without tag and digest means
 * all tags of the repository, as in Docker's API.
 */
export async function pullImage(parts: ImageStoreParts, options: PullOptions): Promise<void> {
  const reference = pullReference(options.name, options.tag);
  const wanted = options.platform ? parsePlatform(options.platform) : machinePlatform();
  const client = new RegistryClient({
    domain: reference.domain,
    path: reference.path,
    familiarName: familiarName(repositoryName(reference)),
    ...(options.auth === undefined ? {} : { auth: options.auth }),
    insecure: parts.insecure,
    access: 'pull',
    signal: options.signal,
  });
  const pull = { client, wanted, options };
  if (reference.tag === undefined && reference.digest === undefined) {
    await pullAllTags(parts, reference, pull);
  } else {
    const news = await pullOne(parts, reference, pull);
    sayStatus(options, familiar(reference), news);
    warnOfPlatform(parts, reference, options);
  }
  parts.events.publish('image', 'pull', familiar(reference), {
    name: familiarName(repositoryName(reference)),
  });
}

interface Pull {
  client: RegistryClient;
  wanted: Platform;
  options: PullOptions;
}

/** Pulls every tag; one that has no image for the platform is told and does not keep the others back. */
async function pullAllTags(parts: ImageStoreParts, repository: Reference, pull: Pull): Promise<void> {
  const { client, options } = pull;
  const unfit: { tag: string; error: BerthError }[] = [];
  let news = false;
  for (const tag of await client.tags()) {
    try {
      news = (await pullOne(parts, { ...repository, tag }, pull)) || news;
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== 'no-platform') throw error;
      options.progress({ status: error.message, id: tag });
      unfit.push({ tag, error });
    }
  }
  const first = unfit[0];
  if (first !== undefined) {
    const tags = unfit.map(({ tag }) => tag).join(', ');
    throw new BerthError('no-platform', `${first.error.message} (of the tags ${tags})`, {
      ...first.error.params,
      tags,
    });
  }
  sayStatus(options, familiarName(repositoryName(repository)), news);
}

/** Pulls one tag or digest; true when its name means another image than before. */
async function pullOne(parts: ImageStoreParts, reference: Reference, pull: Pull): Promise<boolean> {
  const { client, options } = pull;
  const shown = familiar(reference);
  const top = await client.manifest(reference.digest ?? reference.tag ?? 'latest', shown);
  const id = reference.digest === undefined ? reference.tag : shown;
  options.progress({ status: `Pulling from ${reference.path}`, ...(id === undefined ? {} : { id }) });
  const manifest = await platformManifest(top, pull, shown);
  const before = parts.references.get(reference);
  const image = parts.images.present(manifest.config.digest) ?? (await fetchImage(parts, manifest, pull));
  await name(parts, { reference, top, image });
  options.progress({ status: `Digest: ${top.digest}` });
  return before !== image.id;
}

function sayStatus(options: PullOptions, shown: string, news: boolean): void {
  const text = news ? 'Downloaded newer image for' : 'Image is up to date for';
  options.progress({ status: `Status: ${text} ${shown}` });
}

/** A tag without an index has one platform only: where that is not the one asked for, the pull warns, as dockerd's. */
function warnOfPlatform(parts: ImageStoreParts, reference: Reference, options: PullOptions): void {
  if (options.platform === undefined) return;
  const wanted = parsePlatform(options.platform);
  const image = parts.images.get(parts.references.get(reference) ?? '');
  if (image === undefined) return;
  const { os, architecture, variant } = image.file;
  const has = { os: os || 'linux', architecture, variant };
  if (fitsPlatform(has, wanted)) return;
  options.progress({
    status: `WARNING: image with reference ${familiar(reference)} was found but its platform (${showPlatform(has)}) does not match the specified platform (${showPlatform(wanted)})`,
  });
}

/** `fromImage` and `tag` of the request: the tag may be a digest, or part of the name already. */
function pullReference(name: string, tag: string): Reference {
  const parsed = parseReference(name);
  if (tag === '') return parsed;
  if (/^[A-Za-z0-9_+.-]+:[0-9a-fA-F]+$/.test(tag)) return parseReference(`${name.split('@')[0]}@${tag}`);
  if (!isTag(tag)) throw new BerthError('bad-reference', 'invalid tag format');
  const { tag: _tag, digest: _digest, ...repository } = parsed;
  return parseReference(`${repositoryName(repository)}:${tag}`);
}

async function platformManifest(
  top: FetchedManifest,
  { client, wanted }: Pull,
  shown: string,
): Promise<Manifest> {
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
  manifest: Manifest,
  { client, options }: Pull,
): Promise<StoredImage> {
  const configBytes = await client.smallBlob(manifest.config.digest, configLimitBytes);
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
  if (isFull(failed.signal.reason)) {
    // What is kept for the next try would keep the disk full until then.
    const directory = parts.files.downloads;
    for (const { descriptor } of layers) await forgetDownload({ directory, digest: descriptor.digest });
  }
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

function isFull(reason: unknown): boolean {
  return reason !== undefined && asBerthError(reason).code === 'disk-full';
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
    else if (step.step === 'downloading' && !downloaded) downloading.update(step.current);
    else if (step.step === 'downloaded' && !downloaded) {
      downloaded = true;
      send(wordLine('Verifying Checksum', id));
      send(wordLine('Download complete', id));
    } else if (step.step === 'extracting' && lowerDone && step.current < total)
      extracting.update(step.current);
    else if (step.step === 'placing') extracting.finish();
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
