import { useEffect, useState } from 'react';
import { streams } from '../../../bridge/index.ts';
import { type UsagePoint, UsageReader } from '../../../stores/usage.ts';

/** Points kept: five minutes of one a second. */
const keptPoints = 300;
const reopenMs = 1000;

/** What was seen of a container survives going elsewhere, for this window. */
const seen = new Map<string, readonly UsagePoint[]>();

/** A container's use while it is looked at: nothing is asked while the window is hidden or the tab is another. */
export function useUsage(containerId: string, running: boolean): readonly UsagePoint[] {
  const [points, setPoints] = useState(() => seen.get(containerId) ?? []);
  useEffect(() => {
    setPoints(seen.get(containerId) ?? []);
    if (!running) return;
    let abort = new AbortController();
    const follow = async ({ signal }: AbortController) => {
      const reader = new UsageReader();
      while (!signal.aborted) {
        try {
          for await (const sample of streams.containers.stats(containerId, { signal })) {
            const point = reader.point(sample);
            if (!point) continue;
            const next = [...(seen.get(containerId) ?? []), point].slice(-keptPoints);
            seen.set(containerId, next);
            setPoints(next);
          }
        } catch {
          // The machine's own state says why; the way back is the same.
        }
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, reopenMs));
      }
    };
    const onVisible = () => {
      abort.abort();
      if (document.visibilityState === 'hidden') return;
      abort = new AbortController();
      void follow(abort);
    };
    onVisible();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      abort.abort();
    };
  }, [containerId, running]);
  return points;
}
