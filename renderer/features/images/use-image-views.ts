import { useEffect, useMemo } from 'react';
import { useContainers } from '../../stores/containers.ts';
import { diskShares } from '../../stores/disk-shares.ts';
import { readImageLayers, useImageLayers } from '../../stores/image-layers.ts';
import { containersOf } from '../../stores/image-names.ts';
import { useImages } from '../../stores/images.ts';
import { imageViews } from './rows.ts';

/** The images with their users and their part of the disk. */
export function useImageViews() {
  const { images, readAtMs, failure } = useImages();
  const byId = useContainers((state) => state.byId);
  const layers = useImageLayers((state) => state.byId);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new list may name images that are not read yet
  useEffect(() => void readImageLayers(), [images]);
  return useMemo(() => {
    const containers = [...byId.values()];
    const used = new Set(
      images.filter((image) => containersOf(image, containers).length > 0).map(({ Id }) => Id),
    );
    const known = images.flatMap(({ Id }) => layers.get(Id) ?? []);
    const shares = known.length === images.length ? diskShares(known, used) : undefined;
    return { views: imageViews(images, containers, shares), shares, layers, readAtMs, failure };
  }, [images, byId, layers, readAtMs, failure]);
}
