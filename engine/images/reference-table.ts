import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EngineFiles } from '../store/files.ts';
import { readJson, writeJson } from '../store/json-file.ts';
import { familiarName, type Reference, repositoryName } from './reference.ts';

/** One name of an image: a tag, or a digest (`@sha256:…`), of a repository (full name). */
export interface ImageName {
  repository: string;
  /** `1.25` or `@sha256:…` */
  key: string;
}

/** Which image each tag and digest means. Every change is on disk before it is acknowledged. */
export class ReferenceTable {
  readonly #path: string;
  #repositories = new Map<string, Map<string, string>>();
  readonly #byImage = new Map<string, ImageName[]>();
  #saving: Promise<void> = Promise.resolve();
  private constructor(path: string) {
    this.#path = path;
  }

  static async open(files: EngineFiles): Promise<ReferenceTable> {
    const table = new ReferenceTable(files.references);
    await mkdir(dirname(files.references), { recursive: true, mode: 0o711 });
    const stored = (await readJson(files.references)) as StoredTable | undefined;
    for (const [repository, names] of Object.entries(stored?.repositories ?? {})) {
      for (const [key, imageId] of Object.entries(names)) table.#set({ repository, key }, imageId);
    }
    return table;
  }

  /** The image of a name; a digest counts more than a tag. */
  get(reference: Reference): string | undefined {
    const keys = this.#repositories.get(repositoryName(reference));
    return keys?.get(keyOf(reference));
  }

  /** Names of an image in Docker's order: by repository, tags before digests. */
  namesOf(imageId: string): ImageName[] {
    return [...(this.#byImage.get(imageId) ?? [])].sort(
      (a, b) => compare(a.repository, b.repository) || compare(rank(a.key), rank(b.key)),
    );
  }

  /** Names an image; gives the image that had the name before. */
  async add(names: ImageName[], imageId: string): Promise<void> {
    for (const name of names) {
      this.#unset(name);
      this.#set(name, imageId);
    }
    await this.#save();
  }

  async remove(names: ImageName[]): Promise<void> {
    for (const name of names) this.#unset(name);
    await this.#save();
  }

  #set(name: ImageName, imageId: string): void {
    const keys = this.#repositories.get(name.repository) ?? new Map<string, string>();
    keys.set(name.key, imageId);
    this.#repositories.set(name.repository, keys);
    this.#byImage.set(imageId, [...(this.#byImage.get(imageId) ?? []), name]);
  }

  #unset(name: ImageName): void {
    const keys = this.#repositories.get(name.repository);
    const imageId = keys?.get(name.key);
    if (keys === undefined || imageId === undefined) return;
    keys.delete(name.key);
    if (keys.size === 0) this.#repositories.delete(name.repository);
    const left = (this.#byImage.get(imageId) ?? []).filter(
      (other) => other.repository !== name.repository || other.key !== name.key,
    );
    if (left.length > 0) this.#byImage.set(imageId, left);
    else this.#byImage.delete(imageId);
  }

  async #save(): Promise<void> {
    const write = this.#saving.then(async () => {
      const repositories: StoredTable['repositories'] = {};
      for (const [repository, keys] of this.#repositories)
        repositories[repository] = Object.fromEntries(keys);
      await writeJson(this.#path, { repositories } satisfies StoredTable, { durable: true });
    });
    this.#saving = write.catch(() => {});
    await write;
  }
}

interface StoredTable {
  repositories: Record<string, Record<string, string>>;
}

export function keyOf(reference: Reference): string {
  return reference.digest === undefined ? (reference.tag ?? 'latest') : `@${reference.digest}`;
}

export function nameOf(reference: Reference): ImageName {
  return { repository: repositoryName(reference), key: keyOf(reference) };
}

/** `nginx:1.25` or `nginx@sha256:…` */
export function showName(name: ImageName): string {
  const separator = isDigest(name) ? '' : ':';
  return `${familiarName(name.repository)}${separator}${name.key}`;
}

export function isDigest(name: ImageName): boolean {
  return name.key.startsWith('@');
}

function rank(key: string): string {
  return key.startsWith('@') ? `1${key}` : `0${key}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
