import { BerthError } from '../errors.ts';
import { findImage } from './find.ts';
import {
  familiar,
  familiarName,
  isTag,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

/** POST /images/{name}/tag */
export async function tagImage(
  parts: ImageStoreParts,
  reference: string,
  repository: string,
  tag: string,
): Promise<void> {
  const target = newTag(repository, tag);
  const image = findImage(parts, reference);
  image.record.lastTagTime = new Date().toISOString();
  await parts.images.save(image);
  await parts.references.add([nameOf(target)], image.id);
  parts.events.publish('image', 'tag', image.id, { name: familiar(target) });
}

/** A name to give to an image here; throws bad-reference in Docker's words for what cannot be one. */
export function newTag(repository: string, tag: string): Reference {
  if (tag !== '' && !isTag(tag)) throw new BerthError('bad-reference', 'invalid tag format');
  const target = withDefaultTag(parseReference(tag === '' ? repository : `${repository}:${tag}`));
  if (target.digest !== undefined) throw new BerthError('bad-reference', 'cannot import digest reference');
  if (familiarName(repositoryName(target)) === 'sha256') {
    throw new BerthError(
      'bad-reference',
      'refusing to create an ambiguous tag using digest algorithm as name',
    );
  }
  return target;
}
