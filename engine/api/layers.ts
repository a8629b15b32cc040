/**
 * `/berth/` answers about what lies inside layers. All come from the index that was written while the
 * layer arrived; nothing is exported or walked, except a container's writable layer.
 *
 *   GET /berth/images/{name}/layers                     ImageLayers
 *   GET /berth/images/{name}/tree?layer=N&path=/&…      TreePage   one layer's own entries
 *   GET /berth/images/{name}/merged?upto=N&path=/&…     TreePage   the file system as it stands after layer N
 *   GET /berth/images/{name}/file?layer=N&path=…        bytes (Content-Length; Range honoured)
 *   GET /berth/images/{name}/search?glob=…&…            FoundPaths  over all layers; also minBytes, type, limit (≤ 500)
 *   GET /berth/images/{name}/blame?path=…               PathBlame   every layer that touches a path
 *   GET /berth/images/{name}/archive?upto=N&path=…      application/x-tar of the path as it stands after layer N
 *   GET /berth/containers/{id}/layer?path=/&…           TreePage   the writable layer, live
 *   GET /berth/containers/{id}/file?path=…              bytes of a file of the writable layer
 *
 *   GET /berth/compare?left=SIDE&right=SIDE&limit&sort   Comparison   SIDE is image:NAME, layer:NUMBER:NAME (the file
 *                                                       system after that layer) or container:ID; sort=path|size
 *   POST /berth/layers/verify                           VerifiedLayer, one JSON line each
 *
 * Page parameters: path | pathBase64, offset, limit (≤ 500), sort=name|size.
 */

/** A name as UTF-8; where its bytes are not valid UTF-8, `base64` holds the exact bytes and `text` is for show. */
export interface PathName {
  text: string;
  base64?: string;
}

export type EntryType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'char'
  | 'block'
  | 'fifo'
  /** In a writable layer only: a tar cannot hold one. */
  | 'socket'
  | 'whiteout';

/** How an entry of layer N relates to the layers below it. */
export type EntryMark = 'added' | 'changed' | 'removed' | 'same';

export interface ImageLayers {
  imageId: string;
  /** Bytes of all layers, uncompressed. */
  sizeBytes: number;
  /** Bytes in layers that no other image uses. */
  uniqueBytes: number;
  layers: LayerSummary[];
}

export interface LayerSummary {
  /** 1 is the base; metadata-only history entries have no `diffId` and size 0. */
  number: number;
  diffId: string | null;
  /** The history line, as written by the builder. */
  command: string;
  createdAt: string | null;
  sizeBytes: number;
  files: number;
  directories: number;
  added: number;
  changed: number;
  removed: number;
  /** Names of other images that contain this layer at the same place. */
  sharedWith: string[];
}

export interface TreeEntry {
  name: PathName;
  type: EntryType;
  /** Permission bits with setuid, setgid and sticky, as in stat(2). */
  mode: number;
  uid: number;
  gid: number;
  /** Own bytes for a file; bytes of everything below for a directory. */
  sizeBytes: number;
  /** Seconds since the epoch, with fraction. */
  mtime: number;
  linkTarget?: string;
  /** By name; a value that is no text as `0s` and its base64, as getfattr(1) writes it. */
  xattrs?: Record<string, string>;
  /** `sha256:…` of a regular file's contents, where known. */
  digest?: string;
  mark: EntryMark;
  /** The layer whose version this is. */
  layer: number;
  /** The later layer that hides this entry, if any (single-layer view). */
  hiddenBy?: number;
  childCount?: number;
}

/** One page of a directory. It may hold fewer entries than asked for: see `indexBytesRead`. */
export interface TreePage {
  path: PathName;
  entries: TreeEntry[];
  total: number;
  offset: number;
  /** Bytes of index that were read for this answer, at most 65536: a page with long names is shorter instead. */
  indexBytesRead: number;
}

/** A stored layer whose tar was rebuilt from what lies on disk, and compared with its digest. */
export interface VerifiedLayer {
  /** Hex. */
  chainId: string;
  diffId: string;
  ok: boolean;
  /** What differs, where it does. */
  message?: string;
}

/** In what two versions of a name differ. A changed time alone mostly means that the file was written again as it was. */
export type ComparedField = 'kind' | 'mode' | 'owner' | 'size' | 'time' | 'target';

/** A name that differs. A directory that only one side has stands for all below it. */
export interface ComparedEntry {
  path: PathName;
  type: EntryType;
  mark: Exclude<EntryMark, 'same'>;
  /** Bytes on each side, of a directory those of all files below; 0 where it is not there. */
  leftBytes: number;
  rightBytes: number;
  /** Files at and below it. */
  files: number;
  /** Of a changed name. */
  fields: ComparedField[];
}

/** How the right side differs from the left. */
export interface Comparison {
  added: { files: number; bytes: number };
  changed: { files: number; leftBytes: number; rightBytes: number };
  removed: { files: number; bytes: number };
  /** Names that differ; `entries` has at most `limit` of them (1 to 5000, 500 when not given). */
  total: number;
  entries: ComparedEntry[];
}

/** What the layers of an image did to a path, base first. */
export interface PathBlame {
  path: PathName;
  versions: {
    /** The layer's number. */
    layer: number;
    command: string;
    type: EntryType;
    sizeBytes: number;
    mode: number;
    uid: number;
    gid: number;
    mtime: number;
    mark: EntryMark;
    /** The layer that replaced or removed it: its bytes are stored and nobody sees them. */
    hiddenBy?: number;
  }[];
  /** Bytes of versions that are hidden. */
  wastedBytes: number;
}

/** Versions of paths that match, the largest first. */
export interface FoundPaths {
  /** All that match; `entries` has at most `limit` of them. */
  total: number;
  entries: {
    path: PathName;
    /** The layer that has this version. */
    layer: number;
    type: EntryType;
    sizeBytes: number;
    /** The later layer that hides it. */
    hiddenBy?: number;
  }[];
}
