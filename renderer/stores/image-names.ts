import type { ImageSummary } from '../../engine/api/images.ts';
import type { ContainerView } from './container-state.ts';

/** How an image is called in a list: the repository of its first tag, and its tags. */
export interface ImageTitle {
  /** The repository, or the short id of an image without tags. */
  name: string;
  /** Tags of that repository, then full references of others. */
  tags: readonly string[];
  untagged: boolean;
}

export const shortId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);

function split(reference: string): { repository: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/')
    ? { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) }
    : { repository: reference, tag: 'latest' };
}

export function imageTitle(image: Pick<ImageSummary, 'Id' | 'RepoTags'>): ImageTitle {
  const references = (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
  const first = references[0];
  if (first === undefined) return { name: shortId(image.Id), tags: [], untagged: true };
  const { repository } = split(first);
  return {
    name: repository,
    tags: references.map((reference) =>
      split(reference).repository === repository ? split(reference).tag : reference,
    ),
    untagged: false,
  };
}

/** The reference that names an image best: its first tag, else its id. */
export function imageReference(image: Pick<ImageSummary, 'Id' | 'RepoTags'>): string {
  return imageTitle(image).untagged ? image.Id : image.RepoTags[0]!;
}

/** The containers made from an image. The list names the image by tag, or by id once the tag has moved on. */
export function containersOf(
  image: Pick<ImageSummary, 'Id' | 'RepoTags'>,
  containers: Iterable<ContainerView>,
): ContainerView[] {
  const names = new Set<string>([image.Id, ...(image.RepoTags ?? [])]);
  const hex = image.Id.replace(/^sha256:/, '');
  return [...containers].filter((container) => {
    const name = container.image;
    if (names.has(name) || names.has(`${name}:latest`) || names.has(`docker.io/library/${name}`)) return true;
    const bare = name.replace(/^sha256:/, '');
    return /^[0-9a-f]{12,64}$/.test(bare) && hex.startsWith(bare);
  });
}
