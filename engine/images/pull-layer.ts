import { BerthError } from '../errors.ts';
import type { AppliedLayer } from '../layers/driver.ts';
import type { RegistryClient } from '../registry/client.ts';
import type { Descriptor } from '../registry/manifest.ts';
import { type Download, startDownload } from './download.ts';
import type { LayerStep } from './shared-layers.ts';
import type { ImageStoreParts } from './store.ts';

export interface LayerToPull {
  descriptor: Descriptor;
  diffId: string;
  chain: string;
  parent: string | undefined;
}

/** What a kept part of an earlier try can turn out to be; the registry's own bytes are then asked for once more. */
const badPart = new Set(['digest-mismatch', 'layer-invalid', 'layer-truncated']);

/**
 * One layer from the registry to its place: bytes are unpacked as they arrive; it becomes visible once the layer below
 * is (`below`), since a layer's name means the whole stack.
 */
export async function pullLayer(
  parts: ImageStoreParts,
  options: {
    client: RegistryClient;
    layer: LayerToPull;
    below: Promise<unknown>;
    report: (step: LayerStep) => void;
    signal: AbortSignal;
  },
): Promise<void> {
  const { report, signal } = options;
  if (parts.downloads.busy) report({ step: 'waiting' });
  const { applied, download } = await parts.downloads.run(async () => {
    signal.throwIfAborted();
    const first = await fetchLayer(parts, options).catch((error: unknown) => error as Error);
    if (!(first instanceof Error)) return first;
    if (!(first instanceof BerthError) || !badPart.has(first.code) || !first.params.resumed) throw first;
    const second = await fetchLayer(parts, options);
    return second;
  });
  let extracted = false;
  try {
    await options.below;
    signal.throwIfAborted();
    report({ step: 'placing' });
    await applied.commit();
    extracted = true;
    // Only now: a pull that is cancelled while this layer waits for those below must not fetch it again.
    await download.forget();
  } finally {
    if (!extracted) await applied.discard();
  }
  report({ step: 'done' });
}

async function fetchLayer(
  parts: ImageStoreParts,
  options: Parameters<typeof pullLayer>[1],
): Promise<{ applied: AppliedLayer; download: Download }> {
  const { client, layer, report, signal } = options;
  const { digest, size: total } = layer.descriptor;
  let resumed = 0;
  let received = 0;
  let downloaded = false;
  const download = startDownload({
    client,
    directory: parts.files.downloads,
    digest,
    sizeBytes: total,
    signal,
    onKept: (bytes) => {
      resumed = bytes;
    },
    progress: (bytes) => {
      received = bytes;
      report({ step: 'downloading', current: bytes, total });
      if (bytes === total && !downloaded) {
        downloaded = true;
        report({ step: 'downloaded' });
      }
    },
  });
  try {
    const applied = await parts.layers.apply({
      blob: download.stream,
      mediaType: layer.descriptor.mediaType,
      blobDigest: digest,
      diffId: layer.diffId,
      ...(layer.parent === undefined ? {} : { parent: layer.parent }),
      signal,
      progress: (current) => {
        if (downloaded) report({ step: 'extracting', current, total });
      },
    });
    return { applied, download };
  } catch (error) {
    if (error instanceof BerthError && received === total) await download.forget();
    if (error instanceof BerthError && badPart.has(error.code)) {
      await download.forget();
      throw new BerthError(error.code, error.message, { ...error.params, digest, resumed }, { cause: error });
    }
    throw error;
  }
}
