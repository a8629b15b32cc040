import { create } from 'zustand';
import type { Settings } from '../../electron/host/api/settings.ts';
import { host } from '../bridge/index.ts';
import { showLanguage } from '../messages/index.ts';

type Appearance = Pick<Settings, 'language' | 'theme'>;

export const useAppearance = create<Appearance>(() => ({ language: 'system', theme: 'system' }));

function showTheme(theme: Appearance['theme']): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The last appearance of this tab, so that a reload does not flash in another one. */
const storageKey = 'berth.appearance';

async function apply(appearance: Appearance): Promise<void> {
  showTheme(appearance.theme);
  sessionStorage.setItem(storageKey, JSON.stringify(appearance));
  await showLanguage(appearance.language);
  useAppearance.setState(appearance);
}

/** Shows the remembered appearance, then the host's. */
export async function showAppearance(): Promise<void> {
  const remembered = sessionStorage.getItem(storageKey);
  await apply(remembered ? (JSON.parse(remembered) as Appearance) : useAppearance.getState());
}

export async function readAppearance(): Promise<void> {
  const { language, theme } = await host.settings();
  await apply({ language, theme });
}

/** Applies at once and stores; goes back when the host refuses. */
export async function changeAppearance(change: Partial<Appearance>): Promise<void> {
  const before = useAppearance.getState();
  await apply({ ...before, ...change });
  try {
    await host.changeSettings(change);
  } catch (error) {
    await apply(before);
    throw error;
  }
}
