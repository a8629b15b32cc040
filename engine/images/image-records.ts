import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { ImageConfig } from '../api/images.ts';
import { BerthError, isErrno } from '../errors.ts';
import { chainIds } from '../layers/chain-id.ts';
import type { EngineFiles } from '../store/files.ts';
import { readJson, writeJson } from '../store/json-file.ts';

const words = z.array(z.string()).nullish();
/** A set, as Go writes one. */
const marks = z
  .record(
    z.string(),
    z.looseObject({}).transform((): Record<string, never> => ({})),
  )
  .nullish();

/** The part of a config that containers inherit: whatever else it has is kept, but is of the right shape where we look. */
const inherited = z.looseObject({
  User: z.string().nullish(),
  WorkingDir: z.string().nullish(),
  StopSignal: z.string().nullish(),
  StopTimeout: z.int().nullish(),
  Env: words,
  Cmd: words,
  Entrypoint: words,
  Shell: words,
  OnBuild: words,
  ExposedPorts: marks,
  Volumes: marks,
  Labels: z.record(z.string(), z.string()).nullish(),
  Healthcheck: z.looseObject({ Test: words }).nullish(),
});

/** What an image's config says, by the OCI image spec and Docker's additions. Hostile: nothing in it is a path. */
const configSchema = z.looseObject({
  architecture: z.string().default(''),
  os: z.string().default(''),
  variant: z.string().optional(),
  created: z.string().nullish(),
  author: z.string().nullish(),
  comment: z.string().nullish(),
  docker_version: z.string().nullish(),
  parent: z.string().nullish(),
  config: inherited.nullish(),
  rootfs: z.object({
    type: z.literal('layers').optional(),
    diff_ids: z
      .array(z.string().regex(/^sha256:[0-9a-f]{64}$/))
      .nullish()
      .transform((list) => list ?? []),
  }),
  history: z
    .array(
      z.looseObject({
        created: z.string().nullish(),
        created_by: z.string().nullish(),
        author: z.string().nullish(),
        comment: z.string().nullish(),
        empty_layer: z.boolean().nullish(),
      }),
    )
    .nullish()
    .transform((list) => list ?? []),
});
export type ImageFile = z.infer<typeof configSchema>;

/** Where an image came from and what happened to it; everything that its config does not say. */
export interface ImageRecord {
  /** RFC 3339, '0001-01-01T00:00:00Z' when never tagged here. */
  lastTagTime: string;
  /** Manifest bytes by digest, as registries gave them: what a digest of RepoDigests stands for. */
  manifests: { digest: string; mediaType: string; repository: string }[];
  /** Removed by force while containers still use it: shown no more, its layers stay until they go. */
  removed?: true;
}

export interface StoredImage {
  /** `sha256:…` */
  id: string;
  file: ImageFile;
  config: ImageConfig;
  /** Chain ids (hex), base first. */
  layers: string[];
  record: ImageRecord;
}

/** Parses the bytes of a config; throws archive-invalid. */
export function parseConfig(bytes: Uint8Array): ImageFile {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new BerthError('archive-invalid', `invalid image config: ${(error as Error).message}`);
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BerthError('archive-invalid', `invalid image config: ${z.prettifyError(parsed.error)}`);
}

/** All images of the store, by id; one directory each, visible by one rename. */
export class ImageRecords {
  readonly #files: EngineFiles;
  readonly #images = new Map<string, StoredImage>();
  private constructor(files: EngineFiles) {
    this.#files = files;
  }

  /** Reads all images. Those whose config is not what their name says are left out: half-made things have no name. */
  static async open(files: EngineFiles): Promise<ImageRecords> {
    const records = new ImageRecords(files);
    await mkdir(files.images, { recursive: true, mode: 0o711 });
    for (const hex of await readdir(files.images)) {
      if (!/^[0-9a-f]{64}$/.test(hex)) continue;
      const paths = files.image(hex);
      const bytes = await readFile(paths.config);
      const record = ((await readJson(paths.record)) as ImageRecord | undefined) ?? emptyRecord();
      records.#images.set(`sha256:${hex}`, toImage(`sha256:${hex}`, bytes, record));
    }
    return records;
  }

  get(id: string): StoredImage | undefined {
    return this.#images.get(id);
  }

  /** As get, but not what was removed by force and is only kept for its containers. */
  present(id: string): StoredImage | undefined {
    const image = this.#images.get(id);
    return image?.record.removed ? undefined : image;
  }

  all(): StoredImage[] {
    return [...this.#images.values()];
  }

  visible(): StoredImage[] {
    return this.all().filter((image) => image.record.removed === undefined);
  }

  /** The image whose id starts with these hex digits (with or without `sha256:`), if there is exactly one. */
  byPrefix(text: string): StoredImage | undefined {
    const prefix = text.startsWith('sha256:') ? text : `sha256:${text}`;
    if (!/^sha256:[0-9a-f]{1,64}$/.test(prefix)) return undefined;
    const found = this.visible().filter((image) => image.id.startsWith(prefix));
    return found.length === 1 ? found[0] : undefined;
  }

  /** Adds an image by its config's bytes; one that is there already comes back into sight. */
  async add(bytes: Uint8Array): Promise<StoredImage> {
    const hex = createHash('sha256').update(bytes).digest('hex');
    const id = `sha256:${hex}`;
    const existing = this.#images.get(id);
    if (existing !== undefined) {
      if (existing.record.removed) {
        delete existing.record.removed;
        await this.save(existing);
      }
      return existing;
    }
    const image = toImage(id, bytes, emptyRecord());
    const making = join(this.#files.tmp, `image-${randomUUID()}`);
    await mkdir(making, { mode: 0o711 });
    await writeFile(join(making, 'config.json'), bytes, { flush: true });
    await writeJson(join(making, 'record.json'), image.record, { durable: true });
    try {
      await rename(making, this.#files.image(hex).dir);
    } catch (error) {
      if (!isErrno(error) || (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST')) throw error;
    }
    this.#images.set(id, image);
    return image;
  }

  async save(image: StoredImage): Promise<void> {
    await writeJson(this.#files.image(hexOf(image.id)).record, image.record, { durable: true });
  }

  /** Takes an image out of the table; the caller throws its directory away. */
  forget(id: string): void {
    this.#images.delete(id);
  }
}

export function hexOf(id: string): string {
  return id.replace(/^sha256:/, '');
}

function emptyRecord(): ImageRecord {
  return { lastTagTime: '0001-01-01T00:00:00Z', manifests: [] };
}

function toImage(id: string, bytes: Uint8Array, record: ImageRecord): StoredImage {
  const file = parseConfig(bytes);
  return {
    id,
    file,
    config: (file.config ?? {}) as ImageConfig,
    layers: chainIds(file.rootfs.diff_ids),
    record,
  };
}
