import { createHash } from 'node:crypto';
import * as z from 'zod';
import { BerthError } from '../errors.ts';

export const mediaTypes = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** What a manifest request accepts, best first. */
export const acceptedManifests = [
  mediaTypes.dockerManifest,
  mediaTypes.dockerList,
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.looseObject({
  mediaType: z.string().default(''),
  digest,
  size: z.int().nonnegative(),
  platform: z
    .looseObject({
      architecture: z.string().default(''),
      os: z.string().default(''),
      variant: z.string().optional(),
    })
    .optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
export type Descriptor = z.infer<typeof descriptor>;

const manifestSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor),
});
const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  manifests: z.array(descriptor),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type Index = z.infer<typeof indexSchema>;

export interface FetchedManifest {
  bytes: Buffer;
  mediaType: string;
  digest: string;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Parses a manifest or an index, told apart by what it contains (as some registries mislabel them). */
export function parseManifest(fetched: {
  bytes: Uint8Array;
}): { kind: 'manifest'; manifest: Manifest } | { kind: 'index'; index: Index } {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(fetched.bytes).toString('utf8'));
  } catch (error) {
    throw new BerthError('registry-failed', `invalid manifest: ${(error as Error).message}`);
  }
  const isIndex = typeof value === 'object' && value !== null && 'manifests' in value;
  const asIndex = isIndex ? indexSchema.safeParse(value) : undefined;
  if (asIndex?.success) return { kind: 'index', index: asIndex.data };
  const parsed = asIndex ?? manifestSchema.safeParse(value);
  if (parsed.success) return { kind: 'manifest', manifest: parsed.data as Manifest };
  if (
    typeof value === 'object' &&
    value !== null &&
    (value as { schemaVersion?: unknown }).schemaVersion === 1
  ) {
    throw new BerthError(
      'registry-failed',
      'Docker Image Format v1 and Docker Image manifest version 2, schema 1 are not supported',
    );
  }
  throw new BerthError('registry-failed', `invalid manifest: ${z.prettifyError(parsed.error)}`);
}

export interface Platform {
  os: string;
  architecture: string;
  variant?: string | undefined;
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64', ia32: '386', arm: 'arm' };

/** The platform of this machine. */
export function machinePlatform(): Platform {
  return { os: 'linux', architecture: architectures[process.arch] ?? process.arch };
}

/** `linux/arm64/v8`, `arm64`, `linux`; throws bad-parameter in Docker's words. */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const refuse = (detail: string) =>
    new BerthError('bad-parameter', `"${text}": ${detail}: invalid argument`, { platform: text });
  const odd = parts.find((part) => !/^[a-z0-9_.-]+$/.test(part));
  if (odd !== undefined) throw refuse(`"${odd}" is an invalid component of a platform specifier`);
  if (parts.length > 3) throw refuse('cannot parse platform specifier');
  const machine = machinePlatform();
  if (parts.length === 1) {
    const only = parts[0]!;
    if (operatingSystems.has(only)) return { ...machine, os: only };
    const named = alias(only);
    if (!knownArchitectures.has(named.architecture)) throw refuse('unknown operating system or architecture');
    return { os: 'linux', ...named };
  }
  return { os: parts[0]!, ...alias(parts[1]!), ...(parts[2] === undefined ? {} : { variant: parts[2] }) };
}

/** What Go's platforms know by one word alone. */
const operatingSystems = new Set(['linux', 'windows', 'darwin', 'freebsd', 'netbsd', 'openbsd', 'solaris']);
const knownArchitectures = new Set(
  '386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x'.split(' '),
);

function alias(architecture: string): { architecture: string; variant?: string } {
  const aliases: Record<string, { architecture: string; variant?: string }> = {
    x86_64: { architecture: 'amd64' },
    'x86-64': { architecture: 'amd64' },
    aarch64: { architecture: 'arm64' },
    i386: { architecture: '386' },
    armhf: { architecture: 'arm', variant: 'v7' },
    armel: { architecture: 'arm', variant: 'v6' },
  };
  return aliases[architecture] ?? { architecture };
}

export function showPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter((part) => part).join('/');
}

/** An image of `has` is one that was asked for as `wanted`; a variant only counts where both name one. */
export function fitsPlatform(has: Platform, wanted: Platform): boolean {
  if (has.os !== wanted.os || has.architecture !== wanted.architecture) return false;
  return !has.variant || !wanted.variant || has.variant === wanted.variant;
}

/** The entry of an index for a platform: the variant asked for, else the one without, else the first of its kind. */
export function choosePlatform(index: Index, wanted: Platform): Descriptor {
  const fitting = index.manifests.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const normal = (variant: string | undefined) =>
    wanted.architecture === 'arm64' && variant === 'v8' ? '' : (variant ?? '');
  const exact = fitting.find(({ platform }) => normal(platform?.variant) === normal(wanted.variant));
  const chosen = exact ?? (wanted.variant === undefined ? fitting[0] : undefined);
  if (chosen !== undefined) return chosen;
  throw new BerthError(
    'no-platform',
    `no matching manifest for ${showPlatform(wanted)} in the manifest list entries`,
    {
      platform: showPlatform(wanted),
      available: index.manifests
        .flatMap(({ platform }) => (platform ? [showPlatform(platform)] : []))
        .join(', '),
    },
  );
}
