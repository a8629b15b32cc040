import type { ErrorCode } from '../api/errors.ts';
import type { RegistryAuth } from '../api/images.ts';
import type { ProgressLine } from '../api/json-stream.ts';
import { BerthError } from '../errors.ts';
import { type ManifestHead, RegistryClient } from '../registry/client.ts';
import {
  choosePlatform,
  type FetchedManifest,
  fitsPlatform,
  type Manifest,
  machinePlatform,
  type Platform,
  parseManifest,
  parsePlatform,
  showPlatform,
} from '../registry/manifest.ts';
import type { Wait } from '../registry/retry-after.ts';
import { fetchImage } from './fetch-image.ts';
import type { StoredImage } from './image-records.ts';
import {
  familiar,
  familiarName,
  isTag,
  parseReference,
  type Reference,
  repositoryName,
} from './reference.ts';
import { nameOf } from './reference-table.ts';
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
  const clients = parts.registries.sources(reference.domain).map(
    (target) =>
      new RegistryClient({
        registries: parts.registries,
        target,
        path: reference.path,
        familiarName: familiarName(repositoryName(reference)),
        ...(options.auth === undefined ? {} : { auth: options.auth }),
        access: 'pull',
        signal: options.signal,
        onWait: (wait) => options.progress(waitLine(wait, reference)),
      }),
  );
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

/** Does the work with the first source that can; what the last one says is what the caller hears. */
async function fromSources<Result>(
  clients: RegistryClient[],
  work: (client: RegistryClient) => Promise<Result>,
): Promise<Result> {
  const [client, ...rest] = clients;
  if (client === undefined) throw new Error('no source to pull from');
  try {
    return await work(client);
  } catch (error) {
    const over = !(error instanceof BerthError) || !mirrorFailures.has(error.code);
    if (over || rest.length === 0) throw error;
    return await fromSources(rest, work);
  }
}

/** What a mirror can fail by where the registry itself may do better. */
const mirrorFailures = new Set<ErrorCode>([
  'registry-unreachable',
  'registry-insecure',
  'registry-denied',
  'registry-unauthorized',
  'registry-rate-limited',
  'registry-not-found',
  'registry-failed',
  'digest-mismatch',
  'layer-truncated',
]);

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

/** `fromImage` and `tag` of the request: the tag may be a digest, or part of the name already. */
function pullReference(name: string, tag: string): Reference {
  const parsed = parseReference(name);
  if (tag === '') return parsed;
  if (/^[A-Za-z0-9_+.-]+:[0-9a-fA-F]+$/.test(tag)) return parseReference(`${name.split('@')[0]}@${tag}`);
  if (!isTag(tag)) throw new BerthError('bad-reference', 'invalid tag format');
  const { tag: _tag, digest: _digest, ...repository } = parsed;
  return parseReference(`${repositoryName(repository)}:${tag}`);
}

async function platformManifest(
  top: FetchedManifest,
  { client, wanted, shown }: { client: RegistryClient; wanted: Platform; shown: string },
): Promise<Manifest> {
  let fetched = top;
  // An index may hold indexes; one level of that is all that exists in the wild.
  for (let depth = 0; depth < 3; depth++) {
    const parsed = parseManifest(fetched);
    if (parsed.kind === 'manifest') return parsed.manifest;
    fetched = await client.manifest(choosePlatform(parsed.index, wanted).digest, shown);
  }
  throw new BerthError('registry-failed', `${shown}: indexes are nested too deeply`);
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
