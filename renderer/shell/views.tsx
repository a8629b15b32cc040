import { type ReactNode, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { go, useLocation } from '../router/location.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ContainersView } from './containers-view.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyFeature } from './lazy-feature.ts';

const ImagesPage = lazyFeature('images', { soon: true });
const ImagePage = lazyFeature<{ name: string; tab: string | undefined }>('image');
const MachinePage = lazyFeature('machine');

function Redirect({ to }: { to: string }) {
  useEffect(() => go(to, { replace: true }), [to]);
  return null;
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <section className="card flex-1">
      <EmptyState title={t('notFound')} />
    </section>
  );
}

/** Which view shows a path; one line a route. */
function viewOf([place, id, tab]: readonly string[]): ReactNode {
  if (place === undefined) return <Redirect to="/containers" />;
  if (place === 'containers') return <ContainersView id={id} tab={tab} />;
  if (place === 'images') return id === undefined ? <ImagesPage /> : <ImagePage name={id} tab={tab} />;
  if (place === 'machine' && id === undefined) return <MachinePage />;
  return <NotFound />;
}

/** The view that the URL names. */
export function Views() {
  const segments = useLocation((location) => location.segments);
  return (
    <ErrorBoundary key={segments[0] ?? ''}>
      <Suspense fallback={null}>{viewOf(segments)}</Suspense>
    </ErrorBoundary>
  );
}
