import type { Readable } from 'node:stream';
import type { Comparison, EntryMark, EntryType, PathName, TreePage } from '../api/layers.ts';
import type { EngineFiles } from '../store/files.ts';
import type { StorageDriver } from './driver.ts';
import type { SearchOptions } from './search-layers.ts';

/** Options of `openLayers` (layers/layer-store.ts). */
export interface LayersOptions {
  files: EngineFiles;
  /** The key `storage-driver` of daemon.json; overlay2 when not given. Any other name is refused. */
  driver?: string;
  /** Path of the static program berth-unpack. */
  unpackProgram: string;
}

/** The layer store: the driver's work and what is on disk. */
export interface Layers extends StorageDriver {
  /** Facts of a layer that is visible; undefined when there is none of that chain id. */
  record(chainHex: string): LayerRecord | undefined;
  /** Every visible chain id (hex). */
  list(): string[];
  /** Remembers that a registry has the layer's blob, for push and for the next pull. */
  addBlob(chainHex: string, blob: LayerBlob): Promise<void>;
  /** Writes everything of the store's file system to its disk: once, before a pull is acknowledged. */
  sync(): Promise<void>;
  /** Moves any path of the data root into trash, answers, and deletes behind (also trees deeper than PATH_MAX). */
  discard(path: string): Promise<void>;
  /** Waits until everything that was thrown away so far is deleted. */
  settled(): Promise<void>;
  /** Ends what is deleting behind; nothing is lost, the next start goes on. */
  close(): Promise<void>;
}

/** Questions to the indexes of layers and to writable layers; `openLayerTrees` (layers/layer-trees.ts) answers. */
export interface LayerTrees {
  /** A page of one layer's own entries. `layers` is the whole image, base first; `number` counts from 1. */
  tree(options: TreeOptions & { layers: string[]; number: number }): Promise<TreePage>;
  /** A page of the file system as it stands after layer `number`; `unmarked`: nothing in it counts as a change. */
  merged(options: TreeOptions & { layers: string[]; number: number; unmarked?: boolean }): Promise<TreePage>;
  /** A page of a container's writable layer, read live by a confined walker. */
  upperTree(options: TreeOptions & { layers: string[]; upper: string }): Promise<TreePage>;
  /** Entries of all layers whose path matches a glob, the largest first; reads every index once. */
  search(options: SearchOptions & { layers: string[] }): Promise<{ found: FoundEntry[]; total: number }>;
  /** Every layer that touches a path, base first; throws path-not-found when none does. */
  history(options: { layers: string[]; path: Uint8Array }): Promise<PathVersion[]>;
  /** Opens a regular file of layer `number` as it stands there (the layer's own, else the next below). */
  openFile(options: { layers: string[]; number: number; path: Uint8Array }): Promise<OpenedFile>;
  openUpperFile(options: { upper: string; path: Uint8Array }): Promise<OpenedFile>;
  /** Counts of a layer for its summary line. */
  counts(options: { layers: string[]; number: number }): Promise<LayerCounts>;
  /** Differences of two file systems; `limit` entries are told. */
  compare(options: {
    left: ComparedSide;
    right: ComparedSide;
    limit: number;
    sort: 'path' | 'size';
  }): Promise<Comparison>;
  /** docker diff's lines. `layers` is the image, base first. */
  changes(options: { upper: string; layers: string[] }): Promise<Change[]>;
}

/** A file system as it stands on some layers, with a container's writable layer on top where `upper` names one. */
export interface ComparedSide {
  layers: string[];
  upper?: string;
}

export interface TreeOptions {
  /** Bytes of the path, `/` for the root. */
  path: Uint8Array;
  offset: number;
  /** At most 500. */
  limit: number;
  sort: 'name' | 'size';
}

/** One layer's version of a path that was searched for. */
export interface FoundEntry {
  path: Uint8Array;
  level: number;
  type: EntryType;
  sizeBytes: number;
  hiddenBy?: number;
}

/** What one layer has at a path. */
export interface PathVersion {
  /** From 1, the base. */
  level: number;
  type: EntryType;
  sizeBytes: number;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  mark: EntryMark;
  /** The layer that hides it. */
  hiddenBy?: number;
}

export interface LayerRecord {
  diffId: string;
  /** Chain id (hex) of the layer below; undefined for a base. */
  parent?: string;
  /** Sum of regular files' sizes. */
  sizeBytes: number;
  /** Length of the plain tar. */
  tarBytes: number;
  entries: number;
  blobs: LayerBlob[];
  /** The layer hides all below it: its root directory is opaque. */
  opaqueRoot?: true;
  format: 1;
}

/** A compressed form of a layer that some registry has. */
export interface LayerBlob {
  registry: string;
  repository: string;
  digest: string;
  sizeBytes: number;
  mediaType: string;
}

/** One line of docker diff. */
export interface Change {
  path: PathName;
  /** 0 modified, 1 added, 2 deleted, as in Docker. */
  kind: 0 | 1 | 2;
  type: EntryType;
}

export interface OpenedFile {
  sizeBytes: number;
  mtime: number;
  /** The bytes from `start` to `end` (inclusive; both optional). Owns the descriptor: read it to its end or destroy it. */
  stream(range?: { start?: number; end?: number }): Readable;
  close(): Promise<void>;
}

export interface LayerCounts {
  files: number;
  directories: number;
  /** Entries by their mark against the layers below. */
  marks: Record<Exclude<EntryMark, 'same'>, number>;
}
