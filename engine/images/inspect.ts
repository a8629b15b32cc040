import type { ImageConfig, ImageHistoryEntry, ImageInspect } from '../api/images.ts';
import { createdSeconds, findImage, imageSize } from './find.ts';
import type { StoredImage } from './image-records.ts';
import { isDigest, showName } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

/** Fields of a config that Docker shows also where an image does not set them. */
const emptyConfig: ImageConfig = {
  User: '',
  Env: [],
  Cmd: null,
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};

/** GET /images/{name}/json */
export function inspectImage(parts: ImageStoreParts, reference: string): ImageInspect {
  const image = findImage(parts, reference);
  const { file } = image;
  const names = parts.references.namesOf(image.id);
  return {
    Id: image.id,
    RepoTags: names.filter((name) => !isDigest(name)).map(showName),
    RepoDigests: names.filter(isDigest).map(showName),
    Parent: file.parent ?? '',
    Comment: file.comment ?? '',
    Created: file.created ?? '',
    DockerVersion: file.docker_version ?? '',
    Author: file.author ?? '',
    Config: { ...emptyConfig, ...image.config },
    Architecture: file.architecture,
    ...(file.variant === undefined ? {} : { Variant: file.variant }),
    Os: file.os || 'linux',
    Size: imageSize(parts, image),
    GraphDriver: graphDriver(parts, image),
    RootFS: { Type: 'layers', Layers: file.rootfs.diff_ids },
    Metadata: { LastTagTime: image.record.lastTagTime },
  };
}

function graphDriver(parts: ImageStoreParts, image: StoredImage): ImageInspect['GraphDriver'] {
  const [upper, ...lower] = image.layers.toReversed().map((chain) => parts.files.layer(chain));
  const directories =
    upper === undefined ? {} : { MergedDir: upper.merged, UpperDir: upper.diff, WorkDir: upper.work };
  return {
    Name: parts.layers.name,
    Data: {
      ...(lower.length > 0 ? { LowerDir: lower.map(({ diff }) => diff).join(':') } : {}),
      ...directories,
    },
  };
}

/** GET /images/{name}/history: newest first; only the newest has an id here. */
export function imageHistory(parts: ImageStoreParts, reference: string): ImageHistoryEntry[] {
  const image = findImage(parts, reference);
  let layer = 0;
  const entries = image.file.history.map((line): ImageHistoryEntry => {
    const chain = line.empty_layer ? undefined : image.layers[layer++];
    return {
      Id: '<missing>',
      Created: createdSeconds(line.created),
      CreatedBy: line.created_by ?? '',
      Tags: null,
      Size: chain === undefined ? 0 : (parts.layers.record(chain)?.sizeBytes ?? 0),
      Comment: line.comment ?? '',
    };
  });
  const newest = entries.at(-1);
  if (newest !== undefined) {
    newest.Id = image.id;
    const tags = parts.references.namesOf(image.id).filter((name) => !isDigest(name));
    newest.Tags = tags.length > 0 ? tags.map(showName) : null;
  }
  return entries.toReversed();
}
