import { Suspense } from 'react';
import { useLocation } from '../router/location.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyFeature } from './lazy-feature.ts';
import { SplitView } from './split-view.tsx';
import { useWideEnough } from './window-width.ts';

const ContainerList = lazyFeature<{ openId: string | undefined }>('containers');
const ContainerDetail = lazyFeature<{ id: string; tab: string | undefined }>('container', { soon: true });

/** The window's width from which list and detail stand side by side. */
const splitPx = 1180;

/**
 * The list, with the detail of the open container beside it. In narrow windows, and with `?full`, the detail
 * takes the list's place.
 */
export function ContainersView({ id, tab }: { id: string | undefined; tab: string | undefined }) {
  const wide = useWideEnough(splitPx);
  const full = useLocation(({ query }) => query.has('full'));
  const waiting = <section className="card flex-1" />;
  return (
    <SplitView
      covering={!wide || full}
      list={
        <Suspense fallback={waiting}>
          <ContainerList openId={id} />
        </Suspense>
      }
      detail={
        id === undefined ? undefined : (
          <ErrorBoundary key={id}>
            <Suspense fallback={waiting}>
              <ContainerDetail id={id} tab={tab} />
            </Suspense>
          </ErrorBoundary>
        )
      }
    />
  );
}
