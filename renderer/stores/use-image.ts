import { useCallback, useEffect, useState } from 'react';
import { EngineError } from '../../engine/api/client.ts';
import type { ImageInspect } from '../../engine/api/images.ts';
import { engine } from '../bridge/index.ts';
import { useImages } from './images.ts';

interface ImageState {
  inspect: ImageInspect | undefined;
  gone: boolean;
  failure: unknown;
}

const nothing: ImageState = { inspect: undefined, gone: false, failure: null };

/** Everything about one image, read anew whenever the list of images changes. */
export function useImage(name: string): ImageState & { retry: () => void } {
  const images = useImages((state) => state.images);
  const [state, setState] = useState(nothing);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed list may have changed this image's names
  useEffect(() => {
    const abort = new AbortController();
    engine.images
      .inspect(name, { signal: abort.signal })
      .then((inspect) => setState({ inspect, gone: false, failure: null }))
      .catch((failure: unknown) => {
        if (abort.signal.aborted) return;
        const gone = failure instanceof EngineError && failure.status === 404;
        setState((old) => ({
          inspect: gone ? undefined : old.inspect,
          gone,
          failure: gone ? null : failure,
        }));
      });
    return () => abort.abort();
  }, [name, images, attempt]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, retry };
}
