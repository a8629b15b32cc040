import type { Readable } from 'node:stream';

/**
 * A storage driver: how a layer lies on disk and how a root file system is put together from layers.
 * All drivers pass layers/driver.contract.ts.
 */
export interface StorageDriver {
  readonly name: 'overlay2' | 'vfs';
  /**
   * Unpacks one layer by the confined unpack program into a new directory, with its index and frame; nothing is
   * visible under the layer's name before `commit`. The stream is the blob as it comes (gzip, zstd or plain).
   * Rejects with layer-invalid, layer-truncated, digest-mismatch or disk-full; what it made is then gone.
   */
  apply(options: {
    blob: Readable;
    mediaType: string;
    /** Digest that the blob must have, `sha256:…`; undefined for tar streams without one. */
    blobDigest?: string;
    /** Digest that the plain tar must have. */
    diffId?: string;
    /** Chain id of the layer below, hex; undefined for a base. */
    parent?: string;
    signal?: AbortSignal;
    progress?: (unpackedBytes: number) => void;
  }): Promise<AppliedLayer>;
  /** The mount plan of a root file system: `layers` are chain ids (hex), base first. */
  plan(options: {
    layers: string[];
    upper?: string;
    work?: string;
    volatile?: boolean;
    readOnly?: boolean;
  }): Promise<MountPlan>;
  /** Bytes that a container has written into its upper directory. */
  size(upper: string): Promise<number>;
  /** The very tar of the layer's diff-id, rebuilt from frame and diff. */
  tar(chainHex: string): Readable;
  /** The same in gzip form, as a registry gets it. */
  packed(chainHex: string, packing: Packing): Readable;
  /** Rebuilds the tar and compares its digest; throws layer-invalid with what differs. */
  verify(chainHex: string): Promise<void>;
  /** Renames into trash and answers; bytes are deleted behind. */
  remove(chainHex: string): Promise<void>;
}

export interface Packing {
  signal: AbortSignal;
  /** Bytes of the plain tar that are packed so far. */
  progress(tarBytes: number): void;
}

export interface AppliedLayer {
  diffId: string;
  chainHex: string;
  blobDigest: string;
  blobBytes: number;
  tarBytes: number;
  /** Sum of regular files' sizes. */
  sizeBytes: number;
  entries: number;
  /** Makes the layer visible under its chain id (rename); idempotent when another pull was first. */
  commit(): Promise<void>;
  /** Throws away what `apply` made. */
  discard(): Promise<void>;
}

/**
 * What berth-shim mounts as the root file system, inside the container's mount namespace; written as rootfs.json.
 * `overlay`: lower[0] is the topmost. `bind`: one directory (vfs), lower has exactly one entry.
 */
export interface MountPlan {
  type: 'overlay' | 'bind';
  lower: string[];
  upper?: string;
  work?: string;
  readOnly?: boolean;
  volatile?: boolean;
}
