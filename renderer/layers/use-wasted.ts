import { useEffect, useState } from 'react';
import type { ImageLayers } from '../../engine/api/layers.ts';
import { layerTree, mergedTree } from './tree-source.ts';
import { findWasted, nothingWasted, type Wasted } from './wasted.ts';

/** What later layers hide, for images whose search was finished: an id names its contents. */
const known = new Map<string, Wasted>();

/** Looks for wasted space in the background; grows as layers are looked at. */
export function useWasted(name: string, image: ImageLayers | undefined): { wasted: Wasted; error: unknown } {
  const [state, setState] = useState<{ wasted: Wasted; error: unknown }>({
    wasted: nothingWasted,
    error: null,
  });
  useEffect(() => {
    if (!image) return;
    const before = known.get(image.imageId);
    setState({ wasted: before ?? nothingWasted, error: null });
    if (before) return;
    const abort = new AbortController();
    const trees = {
      only: (layer: number) => layerTree(name, layer),
      upto: (layer: number) => mergedTree(name, layer),
    };
    void (async () => {
      try {
        for await (const wasted of findWasted(image.layers, trees, abort.signal)) {
          if (abort.signal.aborted) return;
          if (wasted.finished) known.set(image.imageId, wasted);
          setState({ wasted, error: null });
        }
      } catch (error) {
        if (!abort.signal.aborted) setState((old) => ({ ...old, error }));
      }
    })();
    return () => abort.abort();
  }, [name, image]);
  return state;
}
