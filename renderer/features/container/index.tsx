import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContainerInspect } from '../../../engine/api/containers.ts';
import { LogView } from '../../logs/log-view.tsx';
import { go, pathOf, useLocation } from '../../router/location.ts';
import { type ContainerView, isUp } from '../../stores/container-state.ts';
import { useContainers } from '../../stores/containers.ts';
import { useInspect } from '../../stores/use-inspect.ts';
import { TerminalLauncher } from '../../terminal/terminal-launcher.tsx';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { DetailHeader } from './detail-header.tsx';
import { EndingTab } from './ending/ending-tab.tsx';
import { InspectTab } from './inspect-tab.tsx';
import { LayersTab } from './layers-tab.tsx';
import { Notices } from './notices.tsx';
import { StatsTab } from './stats/stats-tab.tsx';

const tabs = ['ending', 'logs', 'terminal', 'stats', 'inspect', 'layers'] as const;
type Tab = (typeof tabs)[number];

function isInOverlay(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('[role=dialog],[role=alertdialog],[role=menu],.xterm,input') !== null
  );
}

/** Esc goes back to the list, unless something inside has a use for it. */
function useEscape(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing || isInOverlay(event.target))
        return;
      if (document.querySelector('[role=dialog],[role=alertdialog],[role=menu]')) return;
      go('/containers');
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function TabContent({ tab, view, inspect }: { tab: Tab; view: ContainerView; inspect: ContainerInspect }) {
  const container = { id: view.id, name: view.name };
  if (tab === 'ending') return <EndingTab view={view} />;
  if (tab === 'stats') return <StatsTab inspect={inspect} running={isUp(view)} />;
  if (tab === 'logs') return <LogView containerId={view.id} name={view.name} running={isUp(view)} />;
  if (tab === 'terminal')
    return <TerminalLauncher container={container} running={isUp(view) && view.condition !== 'paused'} />;
  if (tab === 'inspect') return <InspectTab inspect={inspect} />;
  return <LayersTab inspect={inspect} />;
}

/** One container beside the list: what it is, what it says, what it is made of. */
export default function ContainerDetail({ id, tab }: { id: string; tab: string | undefined }) {
  const { t } = useTranslation(['container', 'layers', 'common']);
  const listed = useContainers(({ byId }) => byId.get(id));
  const { inspect, gone, failure, retry } = useInspect(id);
  const full = useLocation(({ query }) => query.has('full'));
  useEscape();
  const view = listed;
  if (gone || (view === undefined && failure !== null))
    return (
      <section className="card flex-1">
        {gone ? (
          <EmptyState title={t('gone')} hint={t('goneHint')}>
            <Button onClick={() => go('/containers')}>{t('toList')}</Button>
          </EmptyState>
        ) : (
          <div className="p-3">
            <ErrorFailure title={t('unread')} error={failure}>
              <Button small onClick={retry}>
                {t('common:retry')}
              </Button>
            </ErrorFailure>
          </div>
        )}
      </section>
    );
  if (view === undefined) return <section className="card flex-1" aria-busy="true" />;
  // A run that ended is explained first where it ended badly; one that goes on has no end to explain.
  const offered = tabs.filter((value) => value !== 'ending' || !(isUp(view) || view.condition === 'created'));
  const start = view.condition === 'failed' ? 'ending' : 'logs';
  const current = offered.find((value) => value === tab) ?? start;
  return (
    <section aria-label={view.name} className="card flex-1">
      <DetailHeader view={view} inspect={inspect} />
      <Notices view={view} inspect={current === 'ending' ? undefined : inspect} />
      <Tabs
        label={view.name}
        value={current}
        tabs={offered.map((value) => ({ value, label: t(`tabs.${value}`) }))}
        onChange={(next) => go(pathOf('containers', id, next) + (full ? '?full=1' : ''))}
      >
        {inspect && <TabContent tab={current} view={view} inspect={inspect} />}
      </Tabs>
    </section>
  );
}
