import { stat } from 'node:fs/promises';
import type { PullPreview, RegistryAuth } from '../api/images.ts';
import { chainIds } from '../layers/chain-id.ts';
import { machinePlatform, parsePlatform, showPlatform } from '../registry/manifest.ts';
import { partPath } from './download.ts';
import { configLimitBytes } from './fetch-image.ts';
import { parseConfig } from './image-records.ts';
import { familiar, withDefaultTag } from './reference.ts';
import { fromSources, platformManifest, pullReference, sourcesOf } from './sources.ts';
import type { ImageStoreParts } from './store.ts';

/** How much larger a layer is on disk than as a blob, before this store knows any. */
const usualGrowth = 2.8;

/** GET /berth/images/preview: what a pull would fetch, without fetching a layer. Fails as the pull would. */
export async function previewPull(
  parts: ImageStoreParts,
  options: { name: string; tag: string; platform?: string; auth?: RegistryAuth; signal: AbortSignal },
): Promise<PullPreview> {
  const reference = withDefaultTag(pullReference(options.name, options.tag));
  const wanted = options.platform ? parsePlatform(options.platform) : machinePlatform();
  const shown = familiar(reference);
  return await fromSources(sourcesOf(parts, reference, options), async (client) => {
    const top = await client.manifest(reference.digest ?? reference.tag ?? 'latest', shown);
    const manifest = await platformManifest(top, { client, wanted, shown });
    const config = parseConfig(await client.smallBlob(manifest.config.digest, configLimitBytes));
    const chains = chainIds(config.rootfs.diff_ids);
    const growth = growthOf(parts);
    const layers = await Promise.all(
      manifest.layers.map(async ({ digest, size: sizeBytes }, index) => {
        const record = parts.layers.record(chains[index] ?? '');
        const keptBytes = record === undefined ? await keptBytesOf(parts, digest) : 0;
        const diskBytes = record?.sizeBytes ?? Math.round(sizeBytes * growth);
        return { digest, sizeBytes, here: record !== undefined, keptBytes, diskBytes };
      }),
    );
    const missing = layers.filter(({ here }) => !here);
    const sum = (of: (layer: (typeof layers)[number]) => number) =>
      missing.reduce((total, layer) => total + of(layer), 0);
    return {
      reference: shown,
      digest: top.digest,
      platform: showPlatform({ ...config, os: config.os || 'linux' }),
      imageHere: parts.images.present(manifest.config.digest) !== undefined,
      layers,
      fetchBytes: sum(({ sizeBytes, keptBytes }) => sizeBytes - keptBytes),
      diskBytes: sum(({ diskBytes }) => diskBytes),
    };
  });
}

/** Bytes that an unfinished pull has left for the next one. */
async function keptBytesOf(parts: ImageStoreParts, digest: string): Promise<number> {
  const kept = await stat(partPath({ directory: parts.files.downloads, digest })).catch(() => undefined);
  return kept?.size ?? 0;
}

/** By what the layers of this store have grown when they were unpacked. */
function growthOf(parts: ImageStoreParts): number {
  let packed = 0;
  let plain = 0;
  for (const chain of parts.layers.list()) {
    const record = parts.layers.record(chain);
    const blob = record?.blobs[0];
    if (record === undefined || blob === undefined) continue;
    packed += blob.sizeBytes;
    plain += record.sizeBytes;
  }
  return packed === 0 ? usualGrowth : plain / packed;
}
