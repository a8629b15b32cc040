import { useSyncExternalStore } from 'react';

/** True while the window is at least so wide, in CSS pixels. */
export function useWideEnough(widthPx: number): boolean {
  const query = window.matchMedia(`(min-width: ${widthPx}px)`);
  return useSyncExternalStore(
    (changed) => {
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => query.matches,
  );
}
