import { BerthError } from '../errors.ts';
import type { StoredImage } from './image-records.ts';
import { familiar, parseReference, withDefaultTag } from './reference.ts';
import type { ImageStoreParts } from './store.ts';

/** An image by name, digest, id or unique prefix of an id, tried in Docker's order; throws image-not-found. */
export function findImage(parts: ImageStoreParts, text: string): StoredImage {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(text)) {
    const image = parts.images.byPrefix(text);
    if (image !== undefined) return image;
    throw notFound(text.startsWith('sha256:') ? text : `sha256:${text}`);
  }
  const reference = withDefaultTag(parseReference(text));
  const id = parts.references.get(reference);
  const named = id === undefined ? undefined : parts.images.get(id);
  const image = named ?? parts.images.byPrefix(text);
  if (image === undefined) throw notFound(familiar(reference));
  return image;
}

function notFound(reference: string): BerthError {
  return new BerthError('image-not-found', `No such image: ${reference}`, { reference });
}

/** True when the text names an image by its id rather than by a reference (moby's isImageIDPrefix). */
export function isIdPrefix(id: string, text: string): boolean {
  return id.startsWith(text) || id.slice('sha256:'.length).startsWith(text);
}

/** Bytes of all layers, uncompressed. */
export function imageSize(parts: ImageStoreParts, image: StoredImage): number {
  return image.layers.reduce((sum, chain) => sum + (parts.layers.record(chain)?.sizeBytes ?? 0), 0);
}

/** Seconds since the epoch; what has no date counts as year 1, as in Docker. */
export function createdSeconds(created: string | null | undefined): number {
  const ms = Date.parse(created ?? '');
  return Number.isNaN(ms) ? -62135596800 : Math.floor(ms / 1000);
}
