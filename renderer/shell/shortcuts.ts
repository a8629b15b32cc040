import { useEffect } from 'react';
import { go, goBack, goForward } from '../router/location.ts';
import { toggleDock } from '../stores/dock.ts';
import { hasMod } from '../ui/keys.tsx';
import { places } from './places.ts';

/** True where typed letters are text. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=checkbox]), textarea, select'))
  );
}

/** F6 walks the window's landmarks. */
function focusNextRegion(backward: boolean): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')];
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions.at((at + (backward ? -1 : 1) + regions.length) % regions.length);
  const inside = next?.querySelector<HTMLElement>('[tabindex="0"], a[href], button, input');
  (inside ?? next)?.focus();
}

/** The keys that work everywhere in the window. Keys of lists and of terminals are theirs. */
export function useShortcuts({ openPalette, openKeys }: { openPalette: () => void; openKeys: () => void }) {
  useEffect(() => {
    const commands: Record<string, () => void> = { k: openPalette, '[': goBack, ']': goForward };
    const onKey = (event: KeyboardEvent) => {
      // Composing Chinese text uses the same keys.
      if (event.isComposing || event.defaultPrevented) return;
      const run = shortcut(event);
      if (!run) return;
      event.preventDefault();
      run();
    };
    const shortcut = (event: KeyboardEvent): (() => void) | undefined => {
      if (event.key === 'F6') return () => focusNextRegion(event.shiftKey);
      if (event.ctrlKey && event.code === 'Backquote') return toggleDock;
      // In a terminal the command key belongs to its program.
      const inTerminal = event.target instanceof Element && event.target.closest('.xterm') !== null;
      if (hasMod(event) && !event.altKey && !inTerminal) {
        const place = places[Number(event.key) - 1];
        return place ? () => go(place.path) : commands[event.key.toLowerCase()];
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return undefined;
      if (event.key === '?') return openKeys;
      if (event.key === '/') return () => document.querySelector<HTMLElement>('[data-filter]')?.focus();
      return undefined;
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [openPalette, openKeys]);
}
