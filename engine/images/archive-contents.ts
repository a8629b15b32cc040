import * as z from 'zod';
import { BerthError } from '../errors.ts';
import { choosePlatform, machinePlatform, parseManifest } from '../registry/manifest.ts';
import type { SpooledArchive } from './load.ts';
import { cleanName } from './tar-stream.ts';

/** One image of an archive, by names of its files. */
export interface ArchivedImage {
  config: { path: string; sizeBytes: number };
  /** Names in the archive, base first. */
  layers: string[];
  /** References to give it. */
  names: string[];
}

const dockerManifest = z.array(
  z.looseObject({
    Config: z.string(),
    RepoTags: z
      .array(z.string())
      .nullish()
      .transform((tags) => tags ?? []),
    Layers: z
      .array(z.string())
      .nullish()
      .transform((layers) => layers ?? []),
  }),
);

/** What an archive holds: by manifest.json (docker save) where it has one, else by index.json (OCI layout). */
export async function readContents(archive: SpooledArchive): Promise<ArchivedImage[]> {
  const manifest = await archive.text('manifest.json');
  if (manifest !== undefined) return fromDocker(archive, manifest);
  const index = await archive.text('index.json');
  if (index !== undefined) return await fromOci(archive, index);
  throw new BerthError('archive-invalid', 'invalid archive: does not contain a manifest.json');
}

function fromDocker(archive: SpooledArchive, text: string): ArchivedImage[] {
  const parsed = dockerManifest.safeParse(parseJson(text, 'manifest.json'));
  if (!parsed.success)
    throw new BerthError('archive-invalid', `invalid manifest.json: ${z.prettifyError(parsed.error)}`);
  return parsed.data.map((entry) => ({
    config: required(archive, cleanName(entry.Config)),
    layers: entry.Layers.map(cleanName),
    names: entry.RepoTags,
  }));
}

async function fromOci(archive: SpooledArchive, text: string): Promise<ArchivedImage[]> {
  const parsed = parseManifest({ bytes: Buffer.from(text) });
  if (parsed.kind !== 'index') throw new BerthError('archive-invalid', 'invalid index.json');
  const images: ArchivedImage[] = [];
  for (const entry of parsed.index.manifests) {
    const image = await ociImage(archive, entry.digest, 0);
    const name = entry.annotations?.['io.containerd.image.name'];
    images.push({ ...image, names: name === undefined ? [] : [name] });
  }
  return images;
}

async function ociImage(
  archive: SpooledArchive,
  digest: string,
  depth: number,
): Promise<Omit<ArchivedImage, 'names'>> {
  const text = await archive.text(blobName(digest));
  if (text === undefined) throw missing(blobName(digest));
  const parsed = parseManifest({ bytes: Buffer.from(text) });
  if (parsed.kind === 'index') {
    if (depth > 2) throw new BerthError('archive-invalid', 'indexes are nested too deeply');
    return await ociImage(archive, choosePlatform(parsed.index, machinePlatform()).digest, depth + 1);
  }
  const { config, layers } = parsed.manifest;
  return {
    config: required(archive, blobName(config.digest)),
    layers: layers.map((layer) => blobName(layer.digest)),
  };
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function required(archive: SpooledArchive, name: string): { path: string; sizeBytes: number } {
  const file = archive.file(name);
  if (file === undefined) throw missing(name);
  return file;
}

function missing(name: string): BerthError {
  return new BerthError('archive-invalid', `the archive has no ${name}`, { name });
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BerthError('archive-invalid', `invalid ${name}: ${(error as Error).message}`);
  }
}
