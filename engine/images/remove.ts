import type { ImageDeleteEntry } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { findImage, isIdPrefix } from './find.ts';
import { hexOf, type StoredImage } from './image-records.ts';
import type { ImageUsers } from './images.ts';
import { parseReference, withDefaultTag } from './reference.ts';
import { type ImageName, isDigest, nameOf, showName } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

export interface RemoveOptions {
  force: boolean;
  noPrune: boolean;
  users: ImageUsers;
}

/** DELETE /images/{name}, by the rules and in the words of dockerd (moby daemon/images/image_delete.go). */
export async function removeImage(
  parts: ImageStoreParts,
  reference: string,
  options: RemoveOptions,
): Promise<ImageDeleteEntry[]> {
  const image = findImage(parts, reference);
  const deleted: ImageDeleteEntry[] = [];
  let untaggedOnly = false;
  if (!isIdPrefix(image.id, reference)) {
    const left = await untag(parts, image, reference, { ...options, deleted });
    if (left > 0) return deleted;
    untaggedOnly = true;
  } else {
    const names = parts.references.namesOf(image.id);
    if (isSingle(names)) {
      const conflict = conflictOf(parts, image, options.users, {
        hard: true,
        stopped: !options.force,
        names: false,
      });
      if (conflict !== undefined) throw conflict.error;
      await dropNames(parts, image, names, deleted);
    }
  }
  const conflict = conflictOf(parts, image, options.users, {
    hard: true,
    stopped: !options.force,
    names: !options.force,
  });
  if (conflict !== undefined) {
    // The name went, which is what was asked for; that the image stays is only news where nothing else keeps it.
    if (untaggedOnly && (conflict.used || parts.references.namesOf(image.id).length > 0)) return deleted;
    throw conflict.error;
  }
  await dropNames(parts, image, parts.references.namesOf(image.id), deleted);
  await deleteImage(parts, image, options.users, deleted);
  return deleted;
}

async function untag(
  parts: ImageStoreParts,
  image: StoredImage,
  text: string,
  options: RemoveOptions & { deleted: ImageDeleteEntry[] },
): Promise<number> {
  const names = parts.references.namesOf(image.id);
  if (!options.force && isSingle(names)) {
    const user = options.users.of(image.id)[0];
    if (user !== undefined) {
      throw new BerthError(
        'image-in-use',
        `conflict: unable to remove repository reference "${text}" (must force) - container ${short(user.containerId)} is using its referenced image ${short(image.id)}`,
        { image: text, container: user.containerId },
      );
    }
  }
  const name = nameOf(withDefaultTag(parseReference(text)));
  const gone = [name];
  const rest = names.filter((other) => other.repository !== name.repository || other.key !== name.key);
  // Digests of a repository only stand for what its tags brought.
  const taggedStill = rest.some((other) => other.repository === name.repository && !isDigest(other));
  if (!isDigest(name) && !taggedStill)
    gone.push(...rest.filter((other) => other.repository === name.repository));
  await dropNames(parts, image, gone, options.deleted);
  return parts.references.namesOf(image.id).length;
}

async function dropNames(
  parts: ImageStoreParts,
  image: StoredImage,
  names: ImageName[],
  deleted: ImageDeleteEntry[],
): Promise<void> {
  if (names.length === 0) return;
  await parts.references.remove(names);
  for (const name of names) {
    deleted.push({ Untagged: showName(name) });
    parts.events.publish('image', 'untag', image.id, { name: image.id });
  }
}

/** One tag (or only digests), and all in one repository. */
function isSingle(names: ImageName[]): boolean {
  if (names.length <= 1) return names.length === 1;
  const tags = names.filter((name) => !isDigest(name));
  if (tags.length > 1) return false;
  const repository = (tags[0] ?? names[0])?.repository;
  return names.every((name) => name.repository === repository);
}

/** What forbids deleting an image; `used` when a container does. */
function conflictOf(
  parts: ImageStoreParts,
  image: StoredImage,
  users: ImageUsers,
  ask: { hard: boolean; stopped: boolean; names: boolean },
): { error: BerthError; used: boolean } | undefined {
  const hasChildren = parts.images.visible().some((other) => other.file.parent === image.id);
  if (ask.hard && hasChildren) {
    return {
      error: conflict(image, 'cannot be forced', 'image has dependent child images', {}, true),
      used: false,
    };
  }
  const using = users.of(image.id);
  const running = using.find((user) => user.running);
  if (ask.hard && running !== undefined) {
    const text = `image is being used by running container ${short(running.containerId)}`;
    return {
      error: conflict(image, 'cannot be forced', text, { container: running.containerId }),
      used: true,
    };
  }
  if (ask.names && parts.references.namesOf(image.id).length > 0) {
    return {
      error: conflict(image, 'must be forced', 'image is referenced in multiple repositories', {}),
      used: false,
    };
  }
  const stopped = using[0];
  if (ask.stopped && stopped !== undefined) {
    const text = `image is being used by stopped container ${short(stopped.containerId)}`;
    return { error: conflict(image, 'must be forced', text, { container: stopped.containerId }), used: true };
  }
  return undefined;
}

function conflict(
  image: StoredImage,
  force: 'cannot be forced' | 'must be forced',
  text: string,
  params: Record<string, string>,
  children = false,
): BerthError {
  return new BerthError(
    children ? 'image-has-children' : 'image-in-use',
    `conflict: unable to delete ${short(image.id)} (${force}) - ${text}`,
    { image: image.id, ...params },
  );
}

/**
 * Deletes an image without names, and the layers that nobody else has. While containers use it (a forced removal),
 * only its sight goes: the layers below them stay, and the next collection takes them when they have gone.
 */
export async function deleteImage(
  parts: ImageStoreParts,
  image: StoredImage,
  users: ImageUsers,
  deleted: ImageDeleteEntry[],
): Promise<void> {
  parts.events.publish('image', 'delete', image.id, { name: image.id });
  deleted.push({ Deleted: image.id });
  if (users.of(image.id).length > 0) {
    image.record.removed = true;
    await parts.images.save(image);
    return;
  }
  parts.images.forget(image.id);
  await parts.layers.discard(parts.files.image(hexOf(image.id)).dir);
  await collect(parts, image.layers, deleted);
}

/** Removes those of these layers that no image and no running operation needs, topmost first. */
export async function collect(
  parts: ImageStoreParts,
  chains: readonly string[],
  deleted: ImageDeleteEntry[] = [],
): Promise<number> {
  const needed = new Set(parts.images.all().flatMap((image) => image.layers));
  let bytes = 0;
  for (const chain of chains.toReversed()) {
    const record = parts.layers.record(chain);
    if (record === undefined || needed.has(chain) || parts.leases.holds(chain)) continue;
    await parts.layers.remove(chain);
    bytes += record.sizeBytes;
    deleted.push({ Deleted: `sha256:${chain}` });
  }
  return bytes;
}

/** Takes what was removed by force and is used no more. */
export async function collectRemoved(parts: ImageStoreParts, users: ImageUsers): Promise<void> {
  for (const image of parts.images.all()) {
    if (!image.record.removed || users.of(image.id).length > 0) continue;
    parts.images.forget(image.id);
    await parts.layers.discard(parts.files.image(hexOf(image.id)).dir);
    await collect(parts, image.layers);
  }
}

function short(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
