import type { ImageDeleteEntry } from '../api/images.ts';
import { type Filters, flagFilter, hasLabels, untilSeconds } from './filters.ts';
import { createdSeconds } from './find.ts';
import type { ImageUsers } from './images.ts';
import { isDigest, showName } from './reference-table.ts';
import { collectRemoved, deleteImage } from './remove.ts';
import type { ImageStoreParts } from './store.ts';

/** POST /images/prune: dangling images, or with `dangling=false` all that no container uses. */
export async function pruneImages(
  parts: ImageStoreParts,
  options: { dangling: boolean; filters: Filters; users: ImageUsers },
): Promise<{ deleted: ImageDeleteEntry[]; spaceReclaimed: number }> {
  const { filters, users } = options;
  const dangling = flagFilter(filters, 'dangling') ?? options.dangling;
  const until = untilSeconds(filters);
  const before = totalBytes(parts);
  const deleted: ImageDeleteEntry[] = [];
  await collectRemoved(parts, users);
  for (const image of parts.images.visible()) {
    const names = parts.references.namesOf(image.id);
    if (dangling && names.some((name) => !isDigest(name))) continue;
    if (users.of(image.id).length > 0) continue;
    if (createdSeconds(image.file.created) >= until) continue;
    if (!hasLabels(image, filters.label ?? [])) continue;
    if ((filters['label!'] ?? []).some((label) => hasLabels(image, [label]))) continue;
    if (parts.images.visible().some((other) => other.file.parent === image.id)) continue;
    if (names.length > 0) {
      await parts.references.remove(names);
      for (const name of names) deleted.push({ Untagged: showName(name) });
    }
    await deleteImage(parts, image, users, deleted);
  }
  const spaceReclaimed = before - totalBytes(parts);
  parts.events.publish('image', 'prune', '', { reclaimed: String(spaceReclaimed) });
  return { deleted, spaceReclaimed };
}

function totalBytes(parts: ImageStoreParts): number {
  return parts.layers.list().reduce((sum, chain) => sum + (parts.layers.record(chain)?.sizeBytes ?? 0), 0);
}
