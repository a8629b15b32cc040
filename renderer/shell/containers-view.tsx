import { lazy, Suspense } from 'react';
import { useLocation } from '../router/location.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyFeature } from './lazy-feature.ts';
import { useWideEnough } from './window-width.ts';

const ContainerList = lazyFeature<{ openId: string | undefined }>('containers');
const ContainerDetail = lazyFeature<{ id: string; tab: string | undefined }>('container');

const SplitView = lazy(() => import('./split-view.tsx'));

/** The window's width from which list and detail stand side by side. */
const splitPx = 1180;

/**
 * The list, with the detail of the open container beside it. In narrow windows, and with `?full`, the detail
 * takes the list's place.
 */
export function ContainersView({ id, tab }: { id: string | undefined; tab: string | undefined }) {
  const wide = useWideEnough(splitPx);
  const full = useLocation(({ query }) => query.has('full'));
  const list = (
    <Suspense fallback={<section className="card flex-1" />}>
      <ContainerList openId={id} />
    </Suspense>
  );
  if (id === undefined) return list;
  const detail = (
    <ErrorBoundary key={id}>
      <Suspense fallback={<section className="card flex-1" />}>
        <ContainerDetail id={id} tab={tab} />
      </Suspense>
    </ErrorBoundary>
  );
  if (!wide || full) return detail;
  return (
    <Suspense fallback={list}>
      <SplitView list={list} detail={detail} />
    </Suspense>
  );
}
