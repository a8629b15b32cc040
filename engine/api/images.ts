/** The image nouns of the Docker Engine API (1.51 shapes). */

/** The part of an OCI image config's `config` that containers inherit. */
export interface ImageConfig {
  Hostname?: string;
  Domainname?: string;
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env?: string[];
  Cmd?: string[] | null;
  Entrypoint?: string[] | null;
  Volumes?: Record<string, Record<string, never>> | null;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  StopTimeout?: number;
  Shell?: string[];
  OnBuild?: string[] | null;
  ArgsEscaped?: boolean;
  Healthcheck?: {
    Test?: string[];
    Interval?: number;
    Timeout?: number;
    Retries?: number;
    StartPeriod?: number;
    StartInterval?: number;
  };
}

export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[];
  RepoDigests: string[];
  /** Seconds since the epoch. */
  Created: number;
  /** Bytes of all layers, uncompressed. */
  Size: number;
  /** Bytes shared with other images; -1 when not asked for. */
  SharedSize: number;
  /** Containers that use it; -1 when not asked for. */
  Containers: number;
  Labels: Record<string, string> | null;
}

export interface ImageInspect {
  Id: string;
  RepoTags: string[];
  RepoDigests: string[];
  Parent: string;
  Comment: string;
  Created: string;
  DockerVersion: string;
  Author: string;
  Config: ImageConfig;
  Architecture: string;
  Variant?: string;
  Os: string;
  Size: number;
  GraphDriver: { Name: string; Data: Record<string, string> };
  RootFS: { Type: 'layers'; Layers: string[] };
  Metadata: { LastTagTime: string };
}

export interface ImageHistoryEntry {
  /** Image id on the newest entry, '<missing>' on the others. */
  Id: string;
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  Size: number;
  Comment: string;
}

export type ImageDeleteEntry = { Untagged: string } | { Deleted: string };

/** Value of the X-Registry-Auth header, base64url JSON. */
export interface RegistryAuth {
  username?: string;
  password?: string;
  serveraddress?: string;
  identitytoken?: string;
  registrytoken?: string;
}

/** GET /distribution/{name}/json */
export interface DistributionInspect {
  Descriptor: { mediaType: string; digest: string; size: number };
  Platforms: { architecture: string; os: string; variant?: string }[];
}

/** One repository that `docker search` found. */
export interface SearchResult {
  name: string;
  description: string;
  star_count: number;
  is_official: boolean;
  /** Always false since Docker Hub has given it up. */
  is_automated: boolean;
}

/** GET /berth/images/preview?name=&tag=&platform=: what a pull would fetch. Fails with the pull's own errors. */
export interface PullPreview {
  /** As people write it, with its tag or digest. */
  reference: string;
  digest: string;
  /** Of the image that would come, as in linux/arm64/v8. */
  platform: string;
  /** The very image is here already, under this or another name. */
  imageHere: boolean;
  /** Base first. */
  layers: {
    digest: string;
    /** Compressed, as the registry has it. */
    sizeBytes: number;
    /** It is here already: nothing is fetched. */
    here: boolean;
    /** What an unfinished pull has left of it. */
    keptBytes: number;
    /** On disk: the size of a layer that is here, else an estimate by the layers that are. */
    diskBytes: number;
  }[];
  /** Bytes that would come over the network. */
  fetchBytes: number;
  /** Bytes of disk that the layers to come would take, by estimate. */
  diskBytes: number;
}
