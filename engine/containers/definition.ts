import type { ContainerConfig, EndpointConfig, HostConfig } from '../api/containers.ts';

/** A container's definition, container.json: what create, rename and update decided. */
export interface ContainerDefinition {
  format: 1;
  id: string;
  /** Without the leading slash. */
  name: string;
  /** RFC 3339 with nanoseconds. */
  created: string;
  /** `sha256:…` */
  imageId: string;
  /** Chain ids (hex) of the image, base first: the container outlives the image's names. */
  layers: string[];
  /** The request's config with the image's merged in; `Image` is the name asked for. */
  config: ContainerConfig & { Image: string };
  /** With Docker's defaults filled in. */
  hostConfig: HostConfig & { NetworkMode: string };
  /** The networks that it is on, by name, with what was asked of each; that of NetworkMode is the first. */
  endpoints: Record<string, EndpointConfig>;
  /** It was taken from its last network; without this, no endpoint means the one of NetworkMode. */
  withoutNetwork?: true;
  /** Everything mounted but tmpfs, in the order of their destinations. */
  mounts: DefinedMount[];
}

/** One bind or volume of a container. */
export interface DefinedMount {
  type: 'bind' | 'volume';
  /** Volume's name. */
  name?: string;
  /** Path in the machine for a bind; the volume's `_data` is looked up at each start. */
  source?: string;
  destination: string;
  readOnly: boolean;
  /** Read-only at its top alone: what is mounted below stays as it is. Else all of it, as in Docker from API 1.44 on. */
  flatReadOnly?: true;
  /** The mode part of `-v src:dst:mode`, as shown by inspect. */
  mode: string;
  propagation: string;
  recursive: boolean;
  /** `-v` makes a missing bind source, `--mount` does not. */
  createSource: boolean;
  /** Copy the image's contents into an empty volume at first use. */
  copyUp: boolean;
  /** Made for this container without a name; `rm -v` removes it. */
  anonymous: boolean;
  subpath?: string;
  /** Of a volume that is made with the container. */
  labels?: Record<string, string>;
}
