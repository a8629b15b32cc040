import type { RegistryAuth } from '../api/images.ts';
import type { ProgressLine } from '../api/json-stream.ts';
import { BerthError } from '../errors.ts';
import type { ManifestHead, RegistryClient } from '../registry/client.ts';
import {
  fitsPlatform,
  machinePlatform,
  type Platform,
  parsePlatform,
  showPlatform,
} from '../registry/manifest.ts';
import type { Wait } from '../registry/retry-after.ts';
import { fetchImage } from './fetch-image.ts';
import type { StoredImage } from './image-records.ts';
import { familiar, familiarName, type Reference, repositoryName } from './reference.ts';
import { nameOf } from './reference-table.ts';
import { fromSources, platformManifest, pullReference, sourcesOf } from './sources.ts';
import type { ImageStoreParts } from './store.ts';

export interface PullOptions {
  name: string;
  tag: string;
  platform?: string;
  auth?: RegistryAuth;
  signal: AbortSignal;
  progress: (line: ProgressLine) => void;
}

/**
 * POST /images/create?fromImage=: the order and fields of the lines are dockerd's. A name without tag and digest means
 * all tags of the repository, as in Docker's API.
 */
export async function pullImage(parts: ImageStoreParts, options: PullOptions): Promise<void> {
  const reference = pullReference(options.name, options.tag);
  const wanted = options.platform ? parsePlatform(options.platform) : machinePlatform();
  const clients = sourcesOf(parts, reference, {
    ...options,
    onWait: (wait) => options.progress(waitLine(wait, reference)),
  });
  const pull = { clients, wanted, options };
  if (reference.tag === undefined && reference.digest === undefined) {
    await pullAllTags(parts, reference, pull);
  } else {
    const news = await pullOne(parts, reference, pull);
    sayStatus(options, familiar(reference), news);
    warnOfPlatform(parts, reference, options);
  }
  parts.events.publish('image', 'pull', familiar(reference), {
    name: familiarName(repositoryName(reference)),
  });
}

interface Pull {
  /** One a source, in the order of trying; at least one. */
  clients: RegistryClient[];
  wanted: Platform;
  options: PullOptions;
}

/** dockerd's line of a layer that is tried again; for a manifest with the tag. */
function waitLine({ seconds, path }: Wait, reference: Reference): ProgressLine {
  const blob = /\/blobs\/sha256:([0-9a-f]{12})/.exec(path)?.[1];
  const id = blob ?? reference.tag;
  const unit = seconds === 1 ? 'second' : 'seconds';
  return {
    status: `Retrying in ${seconds} ${unit}`,
    ...(id === undefined ? {} : { progressDetail: {}, id }),
  };
}

/** Pulls every tag; one that has no image for the platform is told and does not keep the others back. */
async function pullAllTags(parts: ImageStoreParts, repository: Reference, pull: Pull): Promise<void> {
  const { clients, options } = pull;
  const unfit: { tag: string; error: BerthError }[] = [];
  let news = false;
  for (const tag of await fromSources(clients, (client) => client.tags())) {
    try {
      news = (await pullOne(parts, { ...repository, tag }, pull)) || news;
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== 'no-platform') throw error;
      options.progress({ status: error.message, id: tag });
      unfit.push({ tag, error });
    }
  }
  const first = unfit[0];
  if (first !== undefined) {
    const tags = unfit.map(({ tag }) => tag).join(', ');
    throw new BerthError('no-platform', `${first.error.message} (of the tags ${tags})`, {
      ...first.error.params,
      tags,
    });
  }
  sayStatus(options, familiarName(repositoryName(repository)), news);
}

/** Pulls one tag or digest; true when its name means another image than before. */
async function pullOne(parts: ImageStoreParts, reference: Reference, pull: Pull): Promise<boolean> {
  const { options } = pull;
  const before = parts.references.get(reference);
  const shown = familiar(reference);
  const { image, top } = await fromSources(pull.clients, async (client) => {
    const asked = reference.digest ?? reference.tag ?? 'latest';
    const head = await client.head(asked);
    const known = head === undefined ? undefined : knownImage(parts, reference, head, pull.wanted);
    const fetched = known === undefined ? await client.manifest(asked, shown) : undefined;
    const id = reference.digest === undefined ? reference.tag : shown;
    options.progress({ status: `Pulling from ${reference.path}`, ...(id === undefined ? {} : { id }) });
    if (fetched === undefined) return { image: known!, top: head! };
    const manifest = await platformManifest(fetched, { client, wanted: pull.wanted, shown });
    const present = parts.images.present(manifest.config.digest);
    const { signal, progress } = options;
    return {
      image: present ?? (await fetchImage(parts, { client, manifest, signal, progress })),
      top: fetched,
    };
  });
  await name(parts, { reference, top, image });
  options.progress({ status: `Digest: ${top.digest}` });
  return before !== image.id;
}

/** The image that a manifest's digest means here already, if it is of the platform asked for. */
function knownImage(
  parts: ImageStoreParts,
  reference: Reference,
  head: ManifestHead,
  wanted: Platform,
): StoredImage | undefined {
  const { tag: _tag, ...untagged } = reference;
  const id = parts.references.get({ ...untagged, digest: head.digest });
  const image = id === undefined ? undefined : parts.images.present(id);
  if (image === undefined) return undefined;
  const { os, architecture, variant } = image.file;
  return fitsPlatform({ os: os || 'linux', architecture, variant }, wanted) ? image : undefined;
}

function sayStatus(options: PullOptions, shown: string, news: boolean): void {
  const text = news ? 'Downloaded newer image for' : 'Image is up to date for';
  options.progress({ status: `Status: ${text} ${shown}` });
}

/** A tag without an index has one platform only: where that is not the one asked for, the pull warns, as dockerd's. */
function warnOfPlatform(parts: ImageStoreParts, reference: Reference, options: PullOptions): void {
  if (options.platform === undefined) return;
  const wanted = parsePlatform(options.platform);
  const image = parts.images.get(parts.references.get(reference) ?? '');
  if (image === undefined) return;
  const { os, architecture, variant } = image.file;
  const has = { os: os || 'linux', architecture, variant };
  if (fitsPlatform(has, wanted)) return;
  options.progress({
    status: `WARNING: image with reference ${familiar(reference)} was found but its platform (${showPlatform(has)}) does not match the specified platform (${showPlatform(wanted)})`,
  });
}

/** Tag and digest of the pulled manifest now mean this image. */
async function name(
  parts: ImageStoreParts,
  pulled: { reference: Reference; top: { digest: string; mediaType: string }; image: StoredImage },
): Promise<void> {
  const { reference, top, image } = pulled;
  const repository = repositoryName(reference);
  const names = [{ repository, key: `@${top.digest}` }];
  if (reference.digest === undefined) names.unshift(nameOf(reference));
  const known = image.record.manifests.some(
    (manifest) => manifest.digest === top.digest && manifest.repository === repository,
  );
  if (!known) {
    image.record.manifests.push({ digest: top.digest, mediaType: top.mediaType, repository });
    await parts.images.save(image);
  }
  await parts.references.add(names, image.id);
}
