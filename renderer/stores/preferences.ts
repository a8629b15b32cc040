import { create } from 'zustand';
import { host } from '../bridge/index.ts';

/** How lists are shown; kept in the host's settings under `page`, which outlive this window and its port. */
export interface Preferences {
  groupBy: 'project' | 'image' | 'none';
  density: 'compact' | 'default' | 'comfortable';
  sort: { column: 'name' | 'state' | 'since'; descending: boolean };
  /** Names of containers that stay on top. */
  pinned: readonly string[];
  /** Keys of folded groups. */
  folded: readonly string[];
}

export const usePreferences = create<Preferences>(() => ({
  groupBy: 'project',
  density: 'default',
  sort: { column: 'name', descending: false },
  pinned: [],
  folded: [],
}));

export const rowHeightPx = { compact: 28, default: 32, comfortable: 40 } as const;

export async function readPreferences(): Promise<void> {
  const { page } = (await host.settings()) as { page?: Partial<Preferences> };
  if (page) usePreferences.setState(page);
}

/** Applies at once and stores; goes back when the host refuses. */
export async function changePreferences(change: Partial<Preferences>): Promise<void> {
  const before = usePreferences.getState();
  usePreferences.setState(change);
  try {
    await host.changeSettings({ page: usePreferences.getState() });
  } catch (error) {
    usePreferences.setState(before, true);
    throw error;
  }
}

/** The list with the item added, or taken away if it was there. */
export function toggled(list: readonly string[], item: string): string[] {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}
