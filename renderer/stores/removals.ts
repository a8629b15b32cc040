import { create } from 'zustand';
import { act } from './containers.ts';

/** How long a removal can be taken back. */
export const undoMs = 6000;

/** Containers that are hidden and will be removed unless their removal is taken back; closing the page does that too. */
export const useRemovals = create<{ hidden: ReadonlySet<string> }>(() => ({ hidden: new Set() }));

function setHidden(id: string, hide: boolean): void {
  useRemovals.setState(({ hidden }) => {
    const next = new Set(hidden);
    if (hide) next.add(id);
    else next.delete(id);
    return { hidden: next };
  });
}

/** Hides a stopped container, removes it after the time for Undo, and shows it again if the engine refuses. */
export function removeSoon(id: string): { undo: () => void } {
  setHidden(id, true);
  const timer = setTimeout(async () => {
    await act(id, 'remove');
    setHidden(id, false);
  }, undoMs);
  return {
    undo: () => {
      clearTimeout(timer);
      setHidden(id, false);
    },
  };
}
