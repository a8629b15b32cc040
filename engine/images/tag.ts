import { BerthError } from '../errors.ts';
import { findImage } from './find.ts';
import { familiar, parseReference, withDefaultTag } from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

/** POST /images/{name}/tag */
export async function tagImage(
  parts: ImageStoreParts,
  reference: string,
  repository: string,
  tag: string,
): Promise<void> {
  const target = withDefaultTag(parseReference(tag === '' ? repository : `${repository}:${tag}`));
  if (target.digest !== undefined) {
    throw new BerthError('bad-reference', 'refusing to create a tag with a digest reference');
  }
  const image = findImage(parts, reference);
  image.record.lastTagTime = new Date().toISOString();
  await parts.images.save(image);
  await parts.references.add([nameOf(target)], image.id);
  parts.events.publish('image', 'tag', image.id, { name: familiar(target) });
}
