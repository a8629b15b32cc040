import { type PointerEvent, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useDock } from '../stores/dock.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyFeature } from './lazy-feature.ts';

const Dock = lazyFeature('../terminal');

const minPx = 120;
const maxPx = () => Math.max(minPx, window.innerHeight - 260);
const stepPx = 24;

function resize(heightPx: number): void {
  useDock.setState({ heightPx: Math.round(Math.min(maxPx(), Math.max(minPx, heightPx))) });
}

function startDrag(event: PointerEvent<HTMLElement>): void {
  const handle = event.currentTarget;
  const startY = event.clientY;
  const startPx = useDock.getState().heightPx;
  handle.setPointerCapture(event.pointerId);
  handle.onpointermove = (move) => resize(startPx + startY - move.clientY);
  handle.onpointerup = () => {
    handle.onpointermove = null;
  };
}

/** Where the dock stands: under the view, its height dragged or moved by arrow keys. */
export function DockSlot() {
  const { t } = useTranslation();
  const { open, heightPx } = useDock();
  if (!open) return null;
  return (
    <aside
      aria-label={t('dock')}
      data-region
      tabIndex={-1}
      className="-mt-2 flex flex-none flex-col outline-none"
    >
      {/* biome-ignore lint/a11y/useSemanticElements: an hr cannot be dragged or focused */}
      <div
        role="separator"
        tabIndex={0}
        aria-orientation="horizontal"
        aria-label={t('resize', { what: t('dock') })}
        aria-valuenow={heightPx}
        aria-valuemin={minPx}
        aria-valuemax={maxPx()}
        className="h-2 flex-none cursor-row-resize touch-none"
        onPointerDown={startDrag}
        onKeyDown={(event) => {
          if (event.key === 'ArrowUp') resize(heightPx + stepPx);
          if (event.key === 'ArrowDown') resize(heightPx - stepPx);
        }}
      />
      <section className="card flex-none" style={{ height: heightPx }}>
        <ErrorBoundary>
          <Suspense fallback={null}>
            <Dock />
          </Suspense>
        </ErrorBoundary>
      </section>
    </aside>
  );
}
