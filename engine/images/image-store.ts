import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signIn } from '../registry/login.ts';
import { Registries } from '../registry/registries.ts';
import { commitImage } from './commit.ts';
import { inspectDistribution } from './distribution.ts';
import { checkFilters } from './filters.ts';
import { findImage } from './find.ts';
import { numberLayers } from './image-layers.ts';
import { ImageRecords } from './image-records.ts';
import type { Images, ImagesOptions } from './images.ts';
import { importImage } from './import.ts';
import { imageHistory, inspectImage } from './inspect.ts';
import { Leases, Slots } from './leases.ts';
import { listImages } from './list.ts';
import { loadImages } from './load.ts';
import { previewPull } from './preview.ts';
import { pruneImages } from './prune.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import { isDigest, ReferenceTable, showName } from './reference-table.ts';
import { collect, collectRemoved, removeImage } from './remove.ts';
import { saveImages } from './save.ts';
import { searchImages } from './search.ts';
import { SharedLayers } from './shared-layers.ts';
import type { ImageStoreParts } from './store.ts';
import { tagImage } from './tag.ts';

const parallelDownloads = 3;
const parallelUploads = 5;
/** What a pull left behind unfinished is kept so long for the next try. */
const leftoverLifeMs = 24 * 3600 * 1000;

/** Opens the image store: reads what is there, throws away what nobody can use any more. */
export async function openImages(options: ImagesOptions): Promise<Images> {
  const parts: ImageStoreParts = {
    files: options.files,
    layers: options.layers,
    events: options.events,
    images: await ImageRecords.open(options.files),
    references: await ReferenceTable.open(options.files),
    leases: new Leases(),
    registries: new Registries(options.registries),
    arriving: new SharedLayers(),
    uploads: new Slots(parallelUploads),
    downloads: new Slots(parallelDownloads),
  };
  await sweepLeftovers(parts);
  return {
    async list(request) {
      checkFilters(request.filters, 'list');
      await collectRemoved(parts, request.users);
      return listImages(parts, request);
    },
    async resolve(reference) {
      const image = findImage(parts, reference);
      return {
        id: image.id,
        config: image.config,
        architecture: image.file.architecture,
        ...(image.file.variant === undefined ? {} : { variant: image.file.variant }),
        layers: image.layers,
        repoTags: parts.references
          .namesOf(image.id)
          .filter((name) => !isDigest(name))
          .map(showName),
      };
    },
    inspect: async (reference) => inspectImage(parts, reference),
    history: async (reference) => imageHistory(parts, reference),
    commit: (request) => commitImage(parts, request),
    numbered: (reference) => numberLayers(parts, reference),
    tag: (reference, repository, tag) => tagImage(parts, reference, repository, tag),
    remove: (reference, request) => removeImage(parts, reference, request),
    async prune(request) {
      checkFilters(request.filters, 'prune');
      return await pruneImages(parts, request);
    },
    pull: (request) => pullImage(parts, request),
    preview: (request) => previewPull(parts, request),
    push: (request) => pushImage(parts, request),
    load: (request) => loadImages(parts, request),
    save: (references) => saveImages(parts, references),
    import: (request) => importImage(parts, request),
    signIn: (auth, signal) => signIn({ auth, registries: parts.registries, signal }),
    distribution: (reference, request) => inspectDistribution(parts, reference, request),
    search: (request) => searchImages(parts, request),
  };
}

/**
 * Layers without an image and parts of downloads are what an unfinished pull left: they are kept a day for the next
 * try. After a boot nothing of them is trusted, since they were never synced.
 */
async function sweepLeftovers(parts: ImageStoreParts): Promise<void> {
  const { files } = parts;
  await mkdir(files.downloads, { recursive: true, mode: 0o700 });
  const marker = join(files.layers, 'boot');
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const sameBoot = (await readFile(marker, 'utf8').catch(() => '')) === boot;
  await writeFile(marker, boot);
  const tooOld = async (path: string) => {
    const status = await stat(path).catch(() => undefined);
    return status !== undefined && (!sameBoot || Date.now() - status.mtimeMs > leftoverLifeMs);
  };
  for (const name of await readdir(files.downloads)) {
    const path = join(files.downloads, name);
    if (await tooOld(path)) await rm(path, { force: true });
  }
  for (const chain of parts.layers.list()) {
    if (await tooOld(files.layer(chain).record)) await collect(parts, [chain]);
  }
}
