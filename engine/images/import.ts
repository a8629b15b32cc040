import type { Readable } from 'node:stream';
import { BerthError } from '../errors.ts';
import { machinePlatform, parsePlatform } from '../registry/manifest.ts';
import { applyChanges } from './config-changes.ts';
import { familiar, parseReference, withDefaultTag } from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

export interface ImportOptions {
  archive: Readable;
  repository: string;
  tag: string;
  message: string;
  changes: string[];
  platform?: string;
  signal: AbortSignal;
}

/** POST /images/create?fromSrc=-: a tar of a root file system becomes an image of one layer. Gives its id. */
export async function importImage(parts: ImageStoreParts, options: ImportOptions): Promise<string> {
  const reference =
    options.repository === ''
      ? undefined
      : withDefaultTag(
          parseReference(options.tag === '' ? options.repository : `${options.repository}:${options.tag}`),
        );
  if (reference?.digest !== undefined) {
    throw new BerthError('bad-reference', 'cannot import digest reference');
  }
  const platform = options.platform ? parsePlatform(options.platform) : machinePlatform();
  const config = applyChanges({}, options.changes);
  const applied = await parts.layers.apply({
    blob: options.archive,
    mediaType: '',
    signal: options.signal,
  });
  const created = new Date().toISOString();
  const comment = options.message || 'Imported from -';
  using _lease = parts.leases.hold([applied.chainHex]);
  await applied.commit();
  await parts.layers.sync();
  const bytes = Buffer.from(
    JSON.stringify({
      architecture: platform.architecture,
      ...(platform.variant === undefined ? {} : { variant: platform.variant }),
      comment,
      config,
      created,
      history: [{ created, comment }],
      os: platform.os,
      rootfs: { type: 'layers', diff_ids: [applied.diffId] },
    }),
  );
  const image = await parts.images.add(bytes);
  if (reference !== undefined) {
    image.record.lastTagTime = created;
    await parts.images.save(image);
    await parts.references.add([nameOf(reference)], image.id);
  }
  parts.events.publish('image', 'import', image.id, {
    name: reference === undefined ? image.id : familiar(reference),
  });
  return image.id;
}
