import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Group, Panel, Separator, useDefaultLayout } from 'react-resizable-panels';
import { useLocation } from '../router/location.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyFeature } from './lazy-feature.ts';
import { useWideEnough } from './window-width.ts';

const ContainerList = lazyFeature<{ openId: string | undefined }>('containers');
const ContainerDetail = lazyFeature<{ id: string; tab: string | undefined }>('container');

/** The window's width from which list and detail stand side by side. */
const splitPx = 1180;
/** The list is never narrower. */
const listMinPx = 398;

/**
 * The list, with the detail of the open container beside it. In narrow windows, and with `?full`, the detail
 * takes the list's place.
 */
export function ContainersView({ id, tab }: { id: string | undefined; tab: string | undefined }) {
  const { t } = useTranslation();
  const wide = useWideEnough(splitPx);
  const full = useLocation(({ query }) => query.has('full'));
  const layout = useDefaultLayout({ id: 'berth.containers', storage: sessionStorage });
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
    <Group {...layout} orientation="horizontal" className="min-h-0 flex-1">
      <Panel id="list" defaultSize="46%" minSize={listMinPx} className="flex flex-col">
        {list}
      </Panel>
      <Separator
        aria-label={t('resize', { what: t('nav.containers') })}
        className="w-2 flex-none rounded-full data-[separator=active]:bg-accent-text/40 data-[separator=hover]:bg-line-strong/30"
      />
      <Panel id="detail" minSize={420} className="flex flex-col">
        {detail}
      </Panel>
    </Group>
  );
}
