import { create } from 'zustand';

/**
 * Where the page is, in its URL: `/containers/<id>/logs?q=timeout`. Every view can be reached by its URL, and
 * back and forward walk them. Each history entry carries its index, so that we know whether there is a forward.
 */
export interface Location {
  /** Decoded path segments. */
  segments: readonly string[];
  query: URLSearchParams;
  canGoBack: boolean;
  canGoForward: boolean;
}

interface EntryState {
  index: number;
}

function entryIndex(): number {
  return (history.state as EntryState | null)?.index ?? 0;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A hand-typed, broken escape is shown as it stands.
    return segment;
  }
}

let lastIndex = entryIndex();

function readLocation(): Location {
  const index = entryIndex();
  return {
    segments: location.pathname.split('/').filter(Boolean).map(decodeSegment),
    query: new URLSearchParams(location.search),
    canGoBack: index > 0,
    canGoForward: index < lastIndex,
  };
}

const useStore = create<Location>(readLocation);

window.addEventListener('popstate', () => {
  // The token's fragment can be replaced under us; the entry then has no index of its own yet.
  lastIndex = Math.max(lastIndex, entryIndex());
  useStore.setState(readLocation());
});

/** Part of the location, re-rendering only when that part changes. */
export function useLocation<Part>(select: (location: Location) => Part): Part {
  return useStore(select);
}

/** Joins segments to a path, each encoded: image names contain slashes. */
export function pathOf(...segments: string[]): string {
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

/** Goes to a URL of the page. `replace` for changes that are no step back, such as a filter being typed. */
export function go(url: string, options: { replace?: boolean } = {}): void {
  if (url === location.pathname + location.search) return;
  const state: EntryState = { index: options.replace ? entryIndex() : entryIndex() + 1 };
  if (options.replace) history.replaceState(state, '', url);
  else {
    history.pushState(state, '', url);
    lastIndex = state.index;
  }
  useStore.setState(readLocation());
}

/** Sets (or, with null, removes) query parameters of the current URL. */
export function setQuery(change: Record<string, string | null>, options: { replace?: boolean } = {}): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(location.pathname + (text === '' ? '' : `?${text}`), options);
}

export const goBack = (): void => history.back();
export const goForward = (): void => history.forward();
