import type { ImageLayers } from '../../engine/api/layers.ts';

/** How images share the disk. A layer is shared where the same layers lie below it, so its chain is its name. */
export interface ImageShare {
  sizeBytes: number;
  /** In layers that no other image has. */
  uniqueBytes: number;
}

export interface DiskShares {
  totalBytes: number;
  /** In layers of images that containers use, and in no second image. */
  usedBytes: number;
  /** In layers of used images that several images have. */
  sharedBytes: number;
  /** In layers that no image in use has. */
  reclaimableBytes: number;
  byImage: ReadonlyMap<string, ImageShare>;
}

interface Chain {
  sizeBytes: number;
  images: Set<string>;
}

function chainsOf(images: readonly ImageLayers[]): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  for (const image of images) {
    let name = '';
    for (const layer of image.layers) {
      if (layer.diffId === null) continue;
      name += `${layer.diffId} `;
      const chain = chains.get(name) ?? { sizeBytes: layer.sizeBytes, images: new Set<string>() };
      chain.images.add(image.imageId);
      chains.set(name, chain);
    }
  }
  return chains;
}

/** Divides the disk between what is used, shared and free to reclaim. */
export function diskShares(images: readonly ImageLayers[], used: ReadonlySet<string>): DiskShares {
  const shares = { totalBytes: 0, usedBytes: 0, sharedBytes: 0, reclaimableBytes: 0 };
  const byImage = new Map<string, ImageShare>(
    images.map((image) => [image.imageId, { sizeBytes: image.sizeBytes, uniqueBytes: 0 }]),
  );
  for (const { sizeBytes, images: holders } of chainsOf(images).values()) {
    shares.totalBytes += sizeBytes;
    if (![...holders].some((id) => used.has(id))) shares.reclaimableBytes += sizeBytes;
    else if (holders.size > 1) shares.sharedBytes += sizeBytes;
    else shares.usedBytes += sizeBytes;
    if (holders.size > 1) continue;
    for (const id of holders) byImage.get(id)!.uniqueBytes += sizeBytes;
  }
  return { ...shares, byImage };
}

/** Bytes that come back when just these images are removed. */
export function reclaimedBytes(images: readonly ImageLayers[], removed: ReadonlySet<string>): number {
  let bytes = 0;
  for (const { sizeBytes, images: holders } of chainsOf(images).values())
    if ([...holders].every((id) => removed.has(id))) bytes += sizeBytes;
  return bytes;
}
