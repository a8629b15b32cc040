import type { ContainerConfig } from '../api/containers.ts';
import type { ImageConfig } from '../api/images.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { setFrozen } from './freezer.ts';
import { mergeImageConfig } from './image-merge.ts';
import type { ContainerParts } from './parts.ts';

export interface CommitRequest {
  repository: string;
  tag: string;
  author: string;
  comment: string;
  changes: string[];
  /** Freeze the container while its files are read. */
  pause: boolean;
  /** What the image's config says beside or instead of the container's. */
  config: ContainerConfig;
  signal: AbortSignal;
}

/** POST /commit: an image of the container's image and what it has written. Gives the image's id. */
export async function commitContainer(
  parts: ContainerParts,
  container: Container,
  request: CommitRequest,
): Promise<string> {
  return await container.serial(async () => {
    const frozen = request.pause && container.run !== undefined && !container.state.paused;
    if (frozen) await setFrozen(parts, container, true);
    try {
      return await commit(parts, container, request);
    } finally {
      if (frozen && container.run !== undefined) await setFrozen(parts, container, false);
    }
  });
}

async function commit(
  parts: ContainerParts,
  container: Container,
  { config: asked, pause: _, ...request }: CommitRequest,
): Promise<string> {
  const { config, imageId, layers } = container.definition;
  const { id, name } = await parts.images.commit({
    ...request,
    layer: await parts.containerTrees.pack(container.files.upper, request.signal),
    below: layers,
    parentId: imageId,
    config: imageConfig(mergeImageConfig(asked, imageConfig(config))),
    createdBy: (config.Cmd ?? []).join(' '),
  });
  publishContainer(parts.events, container, 'commit', {
    comment: request.comment,
    imageID: id,
    ...(name === undefined ? {} : { imageRef: name }),
  });
  return id;
}

/** What of a container's config belongs to an image: not its name in the network, its streams or the image it came from. */
function imageConfig(config: ContainerConfig): ImageConfig {
  const { User, ExposedPorts, Env, Cmd, Entrypoint, Volumes, WorkingDir, Labels } = config;
  const { StopSignal, StopTimeout, Shell, OnBuild, Healthcheck } = config;
  const kept = { User, ExposedPorts, Env, Cmd, Entrypoint, Volumes, WorkingDir, Labels };
  const all = { ...kept, StopSignal, StopTimeout, Shell, OnBuild, Healthcheck };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== null),
  ) as ImageConfig;
}
