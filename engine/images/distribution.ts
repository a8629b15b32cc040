import type { DistributionInspect, RegistryAuth } from '../api/images.ts';
import { RegistryClient } from '../registry/client.ts';
import { parseManifest } from '../registry/manifest.ts';
import { configLimitBytes } from './fetch-image.ts';
import { parseConfig } from './image-records.ts';
import { familiar, familiarName, parseReference, repositoryName, withDefaultTag } from './reference.ts';
import type { ImageStoreParts } from './store.ts';

/** GET /distribution/{name}/json: digest and platforms of a name, asked of its registry. */
export async function inspectDistribution(
  parts: ImageStoreParts,
  name: string,
  options: { auth?: RegistryAuth; signal: AbortSignal },
): Promise<DistributionInspect> {
  const reference = withDefaultTag(parseReference(name));
  const client = new RegistryClient({
    registries: parts.registries,
    target: parts.registries.registry(reference.domain),
    path: reference.path,
    familiarName: familiarName(repositoryName(reference)),
    ...options,
    access: 'pull',
  });
  const fetched = await client.manifest(reference.digest ?? reference.tag ?? 'latest', familiar(reference));
  const parsed = parseManifest(fetched);
  const mediaType =
    fetched.mediaType || ((parsed.kind === 'index' ? parsed.index : parsed.manifest).mediaType ?? '');
  const Descriptor = { mediaType, digest: fetched.digest, size: fetched.bytes.length };
  if (parsed.kind === 'index') {
    const platforms = parsed.index.manifests.flatMap(({ platform }) => (platform ? [platform] : []));
    return { Descriptor, Platforms: platforms.map(platformOf) };
  }
  const config = parseConfig(await client.smallBlob(parsed.manifest.config.digest, configLimitBytes));
  return { Descriptor, Platforms: [platformOf(config)] };
}

function platformOf({
  architecture,
  os,
  variant,
}: {
  architecture: string;
  os: string;
  variant?: string | undefined;
}) {
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}
