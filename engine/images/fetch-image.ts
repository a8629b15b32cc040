import type { ProgressLine } from '../api/json-stream.ts';
import { asBerthError, BerthError } from '../errors.ts';
import { chainIds } from '../layers/chain-id.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { Manifest } from '../registry/manifest.ts';
import { forgetDownload } from './download.ts';
import { parseConfig, type StoredImage } from './image-records.ts';
import { BarMeter, wordLine } from './progress.ts';
import { type LayerToPull, pullLayer } from './pull-layer.ts';
import { collect } from './remove.ts';
import type { LayerStep } from './shared-layers.ts';
import type { ImageStoreParts } from './store.ts';

/** Larger configs are refused, as in Docker. */
export const configLimitBytes = 8 * 1024 * 1024;

export interface ImageFetch {
  client: RegistryClient;
  manifest: Manifest;
  signal: AbortSignal;
  progress: (line: ProgressLine) => void;
}

/** Layers and config of an image into the store; what is there already is not asked for. */
export async function fetchImage(parts: ImageStoreParts, fetch: ImageFetch): Promise<StoredImage> {
  const { client, manifest } = fetch;
  const configBytes = await client.smallBlob(manifest.config.digest, configLimitBytes);
  const diffIds = parseConfig(configBytes).rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw new BerthError('registry-failed', 'layers from manifest don’t match image configuration');
  }
  const chains = chainIds(diffIds);
  const layers: LayerToPull[] = manifest.layers.map((descriptor, index) => ({
    descriptor,
    diffId: diffIds[index]!,
    chain: chains[index]!,
    parent: chains[index - 1],
  }));
  try {
    using _lease = parts.leases.hold(chains);
    await fetchLayers(parts, layers, fetch);
    await parts.layers.sync();
    return await parts.images.add(configBytes);
  } catch (error) {
    if (asBerthError(error).code === 'disk-full') await giveBack(parts, layers);
    throw error;
  }
}

/** What is kept of a failed pull for the next try would keep a full disk full until then. */
async function giveBack(parts: ImageStoreParts, layers: LayerToPull[]): Promise<void> {
  const directory = parts.files.downloads;
  for (const { descriptor } of layers) await forgetDownload({ directory, digest: descriptor.digest });
  await collect(
    parts,
    layers.map(({ chain }) => chain),
  );
  await parts.layers.settled();
}

async function fetchLayers(parts: ImageStoreParts, layers: LayerToPull[], fetch: ImageFetch): Promise<void> {
  const { client, progress } = fetch;
  const failed = new AbortController();
  const signal = AbortSignal.any([fetch.signal, failed.signal]);
  let below: Promise<unknown> = Promise.resolve();
  const running: Promise<unknown>[] = [];
  for (const layer of layers) {
    const id = layer.descriptor.digest.slice('sha256:'.length, 'sha256:'.length + 12);
    if (parts.layers.record(layer.chain) !== undefined) {
      progress(wordLine('Already exists', id));
      continue;
    }
    progress(wordLine('Pulling fs layer', id));
    const lower = below;
    const arrival = parts.arriving.join({
      chain: layer.chain,
      signal,
      listener: narrate({ id, layer, below: lower, send: progress }),
      work: (report, shared) => pullLayer(parts, { client, layer, below: lower, report, signal: shared }),
    });
    // The first failure stops the others; its reason is what the caller hears.
    arrival.catch((error) => failed.abort(error));
    below = arrival;
    running.push(arrival);
  }
  const results = await Promise.allSettled(running);
  if (fetch.signal.aborted) throw new BerthError('canceled', 'context canceled');
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
