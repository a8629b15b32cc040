import { create } from 'zustand';

const useStore = create(() => ({ nowMs: Date.now() }));
let ticking = false;

function tick(): void {
  if (document.visibilityState === 'visible') useStore.setState({ nowMs: Date.now() });
}

/** A text that depends on the time; its component renders anew only when the text changes. */
export function useClockText(make: (nowMs: number) => string): string {
  if (!ticking) {
    ticking = true;
    setInterval(tick, 1000);
  }
  return useStore(({ nowMs }) => make(nowMs));
}
