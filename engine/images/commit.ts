import type { Readable } from 'node:stream';
import type { ImageConfig } from '../api/images.ts';
import { machinePlatform } from '../registry/manifest.ts';
import { applyChanges } from './config-changes.ts';
import { familiar } from './reference.ts';
import { nameOf } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';
import { newTag } from './tag.ts';

export interface CommitOptions {
  /** What stands upon the parent, as a plain tar with whiteouts. */
  layer: Readable;
  /** Chain ids (hex) of the parent, base first. */
  below: string[];
  /** Id of the parent; it may have been removed since. */
  parentId: string;
  config: ImageConfig;
  /** Dockerfile lines. */
  changes: string[];
  author: string;
  comment: string;
  /** The history's line. */
  createdBy: string;
  /** Empty: the image has no name. */
  repository: string;
  tag: string;
  signal: AbortSignal;
}

/** Digest of a tar without entries: Docker keeps no layer for it. */
const emptyDiffId = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** Makes an image of a parent and one more layer. Gives its id, and its name where it has one. */
export async function commitImage(
  parts: ImageStoreParts,
  options: CommitOptions,
): Promise<{ id: string; name: string | undefined }> {
  const reference = options.repository === '' ? undefined : newTag(options.repository, options.tag);
  const config = applyChanges(options.config, options.changes);
  const parent = parentOf(parts, options);
  const top = options.below.at(-1);
  // What the layer stands upon must not be collected meanwhile, its image may be gone.
  using _below = parts.leases.hold(options.below);
  const applied = await parts.layers.apply({
    blob: options.layer,
    mediaType: '',
    ...(top === undefined ? {} : { parent: top }),
    signal: options.signal,
  });
  using _lease = parts.leases.hold([applied.chainHex]);
  const empty = applied.diffId === emptyDiffId;
  if (empty) await applied.discard();
  else await applied.commit();
  await parts.layers.sync();
  const created = new Date().toISOString();
  const { author, comment, createdBy } = options;
  const line = {
    created,
    created_by: createdBy,
    ...(author === '' ? {} : { author }),
    ...(comment === '' ? {} : { comment }),
    ...(empty ? { empty_layer: true } : {}),
  };
  const bytes = Buffer.from(
    JSON.stringify({
      ...parent.platform,
      ...(author === '' ? {} : { author }),
      ...(comment === '' ? {} : { comment }),
      config,
      created,
      history: [...parent.history, line],
      os: 'linux',
      ...(parent.known ? { parent: options.parentId } : {}),
      rootfs: { type: 'layers', diff_ids: [...parent.diffIds, ...(empty ? [] : [applied.diffId])] },
    }),
  );
  const image = await parts.images.add(bytes);
  if (reference !== undefined) {
    image.record.lastTagTime = created;
    await parts.images.save(image);
    await parts.references.add([nameOf(reference)], image.id);
  }
  parts.events.publish('image', 'create', image.id, { name: image.id });
  if (reference !== undefined) parts.events.publish('image', 'tag', image.id, { name: familiar(reference) });
  return { id: image.id, name: reference === undefined ? undefined : familiar(reference) };
}

/** What the new image has of its parent; of one that is gone, its layers without their history. */
function parentOf(parts: ImageStoreParts, { parentId, below }: CommitOptions) {
  const image = parts.images.get(parentId);
  const diffIds = below.map((chain) => parts.layers.record(chain)?.diffId ?? '');
  const { architecture, variant } = image?.file ?? machinePlatform();
  return {
    known: image !== undefined && image.record.removed === undefined,
    history: image?.file.history ?? diffIds.map(() => ({})),
    diffIds,
    platform: { architecture, ...(variant === undefined ? {} : { variant }) },
  };
}
