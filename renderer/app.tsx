import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DockSlot } from './shell/dock-slot.tsx';
import { LinkBanner } from './shell/link-banner.tsx';
import { Rail } from './shell/rail.tsx';
import { useShortcuts } from './shell/shortcuts.ts';
import { TitleBar } from './shell/title-bar.tsx';
import { Views } from './shell/views.tsx';
import { lazyPart } from './ui/lazy-part.tsx';
import { Toasts } from './ui/toast.tsx';
import { Tooltips } from './ui/tooltip.tsx';

const Palette = lazyPart(() => import('./shell/palette.tsx').then((module) => module.default), {
  soon: true,
});
const KeysDialog = lazyPart(() => import('./shell/keys-dialog.tsx').then((module) => module.default), {
  soon: true,
});

/** The window: title bar, rail, the view of the URL, and the dock under it. */
export function App() {
  const { t } = useTranslation();
  const [overlay, setOverlay] = useState<'palette' | 'keys'>();
  const openPalette = () => setOverlay('palette');
  const openKeys = () => setOverlay('keys');
  useShortcuts({ openPalette, openKeys });
  return (
    <>
      <div className="grid h-full grid-cols-[56px_minmax(0,1fr)] grid-rows-[44px_minmax(0,1fr)] rail:grid-cols-[212px_minmax(0,1fr)]">
        <a
          href="#main"
          className="absolute -top-20 left-2 z-50 rounded-control bg-raised px-3 py-1.5 shadow-overlay focus:top-2"
        >
          {t('skipToContent')}
        </a>
        <TitleBar onSearch={openPalette} onKeys={openKeys} />
        <Rail />
        <div className="mr-2 mb-2 flex min-h-0 min-w-0 flex-col gap-2">
          <LinkBanner />
          <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none" data-region>
            <Views />
          </main>
          <DockSlot />
        </div>
      </div>
      <Suspense fallback={null}>
        {overlay === 'palette' && <Palette onClose={() => setOverlay(undefined)} onKeys={openKeys} />}
        {overlay === 'keys' && <KeysDialog onClose={() => setOverlay(undefined)} />}
      </Suspense>
      <Toasts />
      <Tooltips />
    </>
  );
}
