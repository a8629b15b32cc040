import type { Readable } from 'node:stream';
import type {
  DistributionInspect,
  ImageConfig,
  ImageDeleteEntry,
  ImageHistoryEntry,
  ImageInspect,
  ImageSummary,
  PullPreview,
  RegistryAuth,
  SearchResult,
} from '../api/images.ts';
import type { ProgressLine } from '../api/json-stream.ts';
import type { Events } from '../events.ts';
import type { Layers } from '../layers/layers.ts';
import type { RegistrySettings } from '../registry/registries.ts';
import type { EngineFiles } from '../store/files.ts';
import type { CommitOptions } from './commit.ts';
import type { NumberedImage } from './image-layers.ts';

/** Options of `openImages` (images/image-store.ts). */
export interface ImagesOptions {
  files: EngineFiles;
  layers: Layers;
  events: Events;
  registries: RegistrySettings;
}

/** What containers/ and routes/ need of the image store; `openImages` (images/image-store.ts) implements it. */
export interface Images {
  list(options: {
    all: boolean;
    sharedSize: boolean;
    filters: Record<string, string[]>;
    users: ImageUsers;
  }): Promise<ImageSummary[]>;
  /** By name, digest, id or unique id prefix; throws image-not-found ("No such image: x:latest"). */
  resolve(reference: string): Promise<ResolvedImage>;
  inspect(reference: string): Promise<ImageInspect>;
  history(reference: string): Promise<ImageHistoryEntry[]>;
  /** Makes an image of a container's image and what the container wrote. */
  commit(options: CommitOptions): Promise<{ id: string; name: string | undefined }>;
  /** History and layers as the layer explorer numbers them; throws image-not-found. */
  numbered(reference: string): NumberedImage;
  tag(reference: string, repository: string, tag: string): Promise<void>;
  /** Docker's rules of images in use; the text of each refusal is Docker's. */
  remove(
    reference: string,
    options: { force: boolean; noPrune: boolean; users: ImageUsers },
  ): Promise<ImageDeleteEntry[]>;
  prune(options: {
    dangling: boolean;
    filters: Record<string, string[]>;
    users: ImageUsers;
  }): Promise<{ deleted: ImageDeleteEntry[]; spaceReclaimed: number }>;
  pull(options: {
    name: string;
    tag: string;
    platform?: string;
    auth?: RegistryAuth;
    signal: AbortSignal;
    progress: (line: ProgressLine) => void;
  }): Promise<void>;
  /** What a pull would fetch; fetches no layer. */
  preview(options: {
    name: string;
    tag: string;
    platform?: string;
    auth?: RegistryAuth;
    signal: AbortSignal;
  }): Promise<PullPreview>;
  push(options: {
    name: string;
    tag: string;
    auth?: RegistryAuth;
    signal: AbortSignal;
    progress: (line: ProgressLine) => void;
  }): Promise<void>;
  load(options: {
    archive: Readable;
    quiet: boolean;
    signal: AbortSignal;
    progress: (line: ProgressLine) => void;
  }): Promise<void>;
  save(references: string[]): Readable;
  import(options: {
    /** `-` for the archive, else the URL of one. */
    source: string;
    archive: Readable;
    repository: string;
    tag: string;
    message: string;
    changes: string[];
    platform?: string;
    signal: AbortSignal;
    progress: (line: ProgressLine) => void;
  }): Promise<string>;
  /** Tries a sign-in to a registry; gives its identity token, or ''. */
  signIn(auth: RegistryAuth, signal: AbortSignal): Promise<string>;
  /** What a registry says about a name, without pulling it. */
  distribution(
    reference: string,
    options: { auth?: RegistryAuth; signal: AbortSignal },
  ): Promise<DistributionInspect>;
  search(options: {
    term: string;
    limit: number;
    filters: Record<string, string[]>;
    auth?: RegistryAuth;
    signal: AbortSignal;
  }): Promise<SearchResult[]>;
}

/** Who uses which image; containers/ gives it, so that images/ does not import containers/. */
export interface ImageUsers {
  /** Containers that use the image id, running ones marked. */
  of(imageId: string): { containerId: string; running: boolean }[];
}

export interface ResolvedImage {
  id: string;
  config: ImageConfig;
  architecture: string;
  variant?: string;
  /** Chain ids (hex), base first. */
  layers: string[];
  repoTags: string[];
}
