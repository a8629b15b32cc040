import { useCallback, useEffect, useState } from 'react';
import { EngineError } from '../../engine/api/client.ts';
import type { ContainerInspect } from '../../engine/api/containers.ts';
import { engine } from '../bridge/index.ts';
import { onEngineEvent } from './events.ts';
import { Refetcher } from './refetch.ts';

export interface Inspected {
  inspect: ContainerInspect | undefined;
  /** The engine knows no such container (any more). */
  gone: boolean;
  failure: unknown;
}

const nothing: Inspected = { inspect: undefined, gone: false, failure: null };

/** Everything about one container, read anew whenever an event names it. */
export function useInspect(id: string): Inspected & { retry: () => void } {
  const [state, setState] = useState(nothing);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt reads the same container
  useEffect(() => {
    const abort = new AbortController();
    setState((old) => (old.inspect?.Id === id ? old : nothing));
    const refetcher = new Refetcher(async () => {
      try {
        const inspect = await engine.containers.inspect(id, { signal: abort.signal });
        setState({ inspect, gone: false, failure: null });
      } catch (failure) {
        if (abort.signal.aborted) return;
        const gone = failure instanceof EngineError && failure.status === 404;
        setState((old) => ({ ...old, gone, failure: gone ? null : failure }));
      }
    });
    void refetcher.now();
    const stop = onEngineEvent((event) => {
      const isThis = event.Type === 'container' && event.Actor.ID === id;
      if (isThis && !event.Action.startsWith('exec_')) refetcher.mark();
    });
    return () => {
      stop();
      abort.abort();
    };
  }, [id, attempt]);
  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, retry };
}
