import { useCallback, useEffect, useState } from 'react';
import type { PostMortem } from '../../../../engine/api/post-mortem.ts';
import { engine } from '../../../bridge/index.ts';

/** Why a container's last run ended; read anew when it starts or ends. */
export function usePostMortem(containerId: string, condition: string) {
  const [state, setState] = useState<{ ending: PostMortem | undefined; failure: unknown }>({
    ending: undefined,
    failure: undefined,
  });
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another condition means another end
  useEffect(() => {
    const abort = new AbortController();
    engine.containers
      .postMortem(containerId, { signal: abort.signal })
      .then((ending) => setState({ ending, failure: undefined }))
      .catch((failure: unknown) => {
        if (!abort.signal.aborted) setState((old) => ({ ...old, failure }));
      });
    return () => abort.abort();
  }, [containerId, condition, attempt]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, retry };
}
