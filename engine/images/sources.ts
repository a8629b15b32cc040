import type { ErrorCode } from '../api/errors.ts';
import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { RegistryClient } from '../registry/client.ts';
import {
  choosePlatform,
  type FetchedManifest,
  type Manifest,
  type Platform,
  parseManifest,
} from '../registry/manifest.ts';
import type { Wait } from '../registry/retry-after.ts';
import { familiarName, isTag, parseReference, type Reference, repositoryName } from './reference.ts';
import type { ImageStoreParts } from './store.ts';

/** Where an image can be pulled from, in the order of trying; at least one. */
export function sourcesOf(
  parts: ImageStoreParts,
  reference: Reference,
  options: { auth?: RegistryAuth; signal: AbortSignal; onWait?: (wait: Wait) => void },
): RegistryClient[] {
  const { auth, signal, onWait } = options;
  return parts.registries.sources(reference.domain).map(
    (target) =>
      new RegistryClient({
        registries: parts.registries,
        target,
        path: reference.path,
        familiarName: familiarName(repositoryName(reference)),
        ...(auth === undefined ? {} : { auth }),
        access: 'pull',
        signal,
        ...(onWait === undefined ? {} : { onWait }),
      }),
  );
}

/** Does the work with the first source that can; what the last one says is what the caller hears. */
export async function fromSources<Result>(
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

/** The manifest of one platform: `top` itself, or what it leads to as an index. Throws no-platform. */
export async function platformManifest(
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

/** `fromImage` and `tag` of the request: the tag may be a digest, or part of the name already. */
export function pullReference(name: string, tag: string): Reference {
  const parsed = parseReference(name);
  if (tag === '') return parsed;
  if (/^[A-Za-z0-9_+.-]+:[0-9a-fA-F]+$/.test(tag)) return parseReference(`${name.split('@')[0]}@${tag}`);
  if (!isTag(tag)) throw new BerthError('bad-reference', 'invalid tag format');
  const { tag: _tag, digest: _digest, ...repository } = parsed;
  return parseReference(`${repositoryName(repository)}:${tag}`);
}
