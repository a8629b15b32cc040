import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export type Language = 'en' | 'zh-CN';
export type LanguageSetting = Language | 'system';

/** The language for a setting: `system` follows the browser's first language. */
export function chooseLanguage(setting: LanguageSetting, systemLanguages: readonly string[]): Language {
  if (setting !== 'system') return setting;
  return systemLanguages[0]?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'common')) return;
  // Each catalogue is a chunk of its own: nobody loads the words of a language that is not shown.
  const catalogue = language === 'en' ? await import('./en/index.ts') : await import('./zh-CN/index.ts');
  for (const [namespace, messages] of Object.entries(catalogue.default))
    i18next.addResourceBundle(language, namespace, messages);
}

/** Shows the page in a language, at once and without reload. */
export async function showLanguage(setting: LanguageSetting): Promise<void> {
  const language = chooseLanguage(setting, navigator.languages);
  if (!i18next.isInitialized) {
    await i18next.use(initReactI18next).init({
      lng: language,
      fallbackLng: false,
      defaultNS: 'common',
      ns: ['common'],
      resources: {},
      interpolation: { escapeValue: false }, // React escapes
      react: { useSuspense: false },
    });
  }
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
