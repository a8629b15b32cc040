import { useCallback, useEffect, useState } from 'react';
import type { ImageLayers } from '../../engine/api/layers.ts';
import { engine } from '../bridge/index.ts';

/** The layers of one image, by any of its names. `name` undefined waits. */
export function useLayers(name: string | undefined) {
  const [state, setState] = useState<{ layers: ImageLayers | undefined; failure: unknown }>({
    layers: undefined,
    failure: null,
  });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt reads the same image
  useEffect(() => {
    if (name === undefined) return;
    const abort = new AbortController();
    setState({ layers: undefined, failure: null });
    engine.images
      .layers(name, { signal: abort.signal })
      .then((layers) => setState({ layers, failure: null }))
      .catch((failure: unknown) => {
        if (!abort.signal.aborted) setState({ layers: undefined, failure });
      });
    return () => abort.abort();
  }, [name, attempt]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, retry };
}
