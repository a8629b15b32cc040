import type { ImageSummary } from '../api/images.ts';
import { type Filters, filterImages } from './filters.ts';
import { createdSeconds, imageSize } from './find.ts';
import type { StoredImage } from './image-records.ts';
import type { ImageUsers } from './images.ts';
import { isDigest, showName } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

/** GET /images/json: newest first. */
export function listImages(
  parts: ImageStoreParts,
  options: { all: boolean; sharedSize: boolean; filters: Filters; users: ImageUsers },
): ImageSummary[] {
  const passing = filterImages(parts, parts.images.visible(), options.filters);
  const shared = options.sharedSize ? sharedSizes(parts) : undefined;
  return passing
    .map(
      ({ image, names }): ImageSummary => ({
        Containers: options.users.of(image.id).length,
        Created: createdSeconds(image.file.created),
        Id: image.id,
        Labels: image.config.Labels ?? null,
        ParentId: image.file.parent ?? '',
        RepoDigests: names.filter(isDigest).map(showName),
        RepoTags: names.filter((name) => !isDigest(name)).map(showName),
        SharedSize: shared?.(image) ?? -1,
        Size: imageSize(parts, image),
      }),
    )
    .sort((a, b) => b.Created - a.Created);
}

/** Bytes of an image's layers that another image has too. */
export function sharedSizes(parts: ImageStoreParts): (image: StoredImage) => number {
  const users = new Map<string, number>();
  for (const image of parts.images.visible()) {
    for (const chain of new Set(image.layers)) users.set(chain, (users.get(chain) ?? 0) + 1);
  }
  return (image) =>
    image.layers
      .filter((chain) => (users.get(chain) ?? 0) > 1)
      .reduce((sum, chain) => sum + (parts.layers.record(chain)?.sizeBytes ?? 0), 0);
}
