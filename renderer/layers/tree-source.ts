import { encodeQuery } from '../../engine/api/client.ts';
import type { TreePage } from '../../engine/api/layers.ts';
import { engine } from '../bridge/index.ts';
import { pathQuery, type TreePath } from './tree-path.ts';

export type TreeSort = 'name' | 'size';

export interface PageQuery {
  offset: number;
  sort: TreeSort;
  signal?: AbortSignal;
}

/** Where a tree's pages come from: one layer, the file system up to a layer, or a container's writable layer. */
export interface TreeSource {
  /** Names the source; a new key is a new tree. */
  key: string;
  page(path: TreePath, query: PageQuery): Promise<TreePage>;
  /** Engine path of a file's bytes; `layer` is where its version lies. */
  filePath(path: TreePath, layer: number): string;
}

/** Entries of one page. The engine allows 500; less is there sooner, and nobody sees more at once. */
export const pageEntries = 200;

const options = (signal: AbortSignal | undefined) => (signal ? { signal } : {});
const imagePath = (name: string) => `/berth/images/${name.split('/').map(encodeURIComponent).join('/')}`;

/** The entries of layer `layer` alone. */
export function layerTree(image: string, layer: number): TreeSource {
  return {
    key: `${image} only ${layer}`,
    page: (path, { offset, sort, signal }) =>
      engine.images.tree(
        image,
        layer,
        { ...pathQuery(path), offset, limit: pageEntries, sort },
        options(signal),
      ),
    filePath: (path) => `${imagePath(image)}/file${encodeQuery({ layer, ...pathQuery(path) })}`,
  };
}

/** The file system as it stands after layer `upto`. */
export function mergedTree(image: string, upto: number): TreeSource {
  return {
    key: `${image} upto ${upto}`,
    page: (path, { offset, sort, signal }) =>
      engine.images.merged(
        image,
        upto,
        { ...pathQuery(path), offset, limit: pageEntries, sort },
        options(signal),
      ),
    filePath: (path, layer) => `${imagePath(image)}/file${encodeQuery({ layer, ...pathQuery(path) })}`,
  };
}

/** What a container has written, read live. */
export function writableTree(containerId: string): TreeSource {
  return {
    key: `${containerId} writable`,
    page: (path, { offset, sort, signal }) =>
      engine.containers.layer(
        containerId,
        { ...pathQuery(path), offset, limit: pageEntries, sort },
        options(signal),
      ),
    filePath: (path) =>
      `/berth/containers/${encodeURIComponent(containerId)}/file${encodeQuery(pathQuery(path))}`,
  };
}
