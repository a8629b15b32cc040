import type { ImageSummary } from '../../../engine/api/images.ts';
import type { ContainerView } from '../../stores/container-state.ts';
import type { DiskShares } from '../../stores/disk-shares.ts';
import { containersOf, type ImageTitle, imageReference, imageTitle } from '../../stores/image-names.ts';

/** One image as the list shows it. */
export interface ImageView extends ImageTitle {
  id: string;
  /** What to say to the engine. */
  reference: string;
  references: readonly string[];
  sizeBytes: number;
  /** Bytes in layers that no other image has; undefined until the layers are read. */
  uniqueBytes: number | undefined;
  createdAtMs: number;
  users: readonly ContainerView[];
}

export type ImageChip = 'all' | 'used' | 'unused' | 'untagged';
export type ImageSort = 'used' | 'name' | 'size' | 'created';

/** Makes the views of a list; `shares` refines what the list itself says. */
export function imageViews(
  images: readonly ImageSummary[],
  containers: readonly ContainerView[],
  shares: DiskShares | undefined,
): ImageView[] {
  return images.map((image) => ({
    ...imageTitle(image),
    id: image.Id,
    reference: imageReference(image),
    references: image.RepoTags ?? [],
    sizeBytes: image.Size,
    uniqueBytes:
      shares?.byImage.get(image.Id)?.uniqueBytes ??
      (image.SharedSize >= 0 ? image.Size - image.SharedSize : undefined),
    createdAtMs: image.Created * 1000,
    users: containersOf(image, containers),
  }));
}

export function inChip(view: ImageView, chip: ImageChip): boolean {
  if (chip === 'all') return true;
  if (chip === 'untagged') return view.untagged;
  return view.users.length > 0 === (chip === 'used');
}

/** True when every word of the filter occurs in a name, tag or id. */
export function matches(view: ImageView, filter: string): boolean {
  const text = `${view.name} ${view.references.join(' ')} ${view.id}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const byName = (a: ImageView, b: ImageView) =>
  Number(a.untagged) - Number(b.untagged) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id);

const orders: Record<ImageSort, (a: ImageView, b: ImageView) => number> = {
  used: (a, b) => Number(b.users.length > 0) - Number(a.users.length > 0) || byName(a, b),
  name: byName,
  size: (a, b) => b.sizeBytes - a.sizeBytes || byName(a, b),
  created: (a, b) => b.createdAtMs - a.createdAtMs || byName(a, b),
};

export function sorted(views: readonly ImageView[], sort: ImageSort): ImageView[] {
  return [...views].sort(orders[sort]);
}
