import { create } from 'zustand';

const useStore = create(() => ({ ticks: 0 }));
let ticking = false;

function tick(): void {
  if (document.visibilityState === 'visible') useStore.setState(({ ticks }) => ({ ticks: ticks + 1 }));
}

/** A text that depends on the time; its component renders anew only when the text changes. */
export function useClockText(make: (nowMs: number) => string): string {
  if (!ticking) {
    ticking = true;
    setInterval(tick, 1000);
  }
  return useStore(() => make(Date.now()));
}
