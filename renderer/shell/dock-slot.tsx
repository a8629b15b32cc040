import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useDock } from '../stores/dock.ts';
import { Divider } from '../ui/divider.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyFeature } from './lazy-feature.ts';

const Dock = lazyFeature('../terminal');

const minPx = 120;
/** What the view above keeps at least. */
const viewPx = 260;

/** Where the dock stands: under the view, its height dragged or moved by arrow keys. */
export function DockSlot() {
  const { t } = useTranslation();
  const { open, heightPx } = useDock();
  if (!open) return null;
  const maxPx = Math.max(minPx, window.innerHeight - viewPx);
  return (
    <aside
      aria-label={t('dock')}
      data-region
      tabIndex={-1}
      className="-mt-2 flex flex-none flex-col outline-none"
    >
      <Divider
        axis="y"
        behind
        label={t('resize', { what: t('dock') })}
        valuePx={heightPx}
        minPx={minPx}
        maxPx={maxPx}
        onChange={(next) => useDock.setState({ heightPx: next })}
      />
      <section className="card flex-none" style={{ height: Math.min(heightPx, maxPx) }}>
        <ErrorBoundary>
          <Suspense fallback={null}>
            <Dock />
          </Suspense>
        </ErrorBoundary>
      </section>
    </aside>
  );
}
