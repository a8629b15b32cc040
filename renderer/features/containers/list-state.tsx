import { Box, Plus, Power, Search } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { host } from '../../bridge/index.ts';
import { go, setQuery } from '../../router/location.ts';
import { useContainers } from '../../stores/containers.ts';
import { engineRuns, useMachine } from '../../stores/machine.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { reportFailure } from '../../ui/report.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import type { Chip } from './filter.ts';

function NoEngine() {
  const { t } = useTranslation('machine');
  const { t: common } = useTranslation();
  const machine = useMachine(({ host }) => host?.machine);
  if (!machine) return <Skeleton />;
  if (machine.phase === 'stopped' || machine.phase === 'failed')
    return (
      <EmptyState
        icon={<Power size={28} />}
        title={machine.phase === 'failed' ? t('heading.failed') : t('stopped.title')}
        hint={t('stopped.hint')}
      >
        <Button look="primary" onClick={() => reportFailure(host.startMachine())}>
          {t('action.start')}
        </Button>
        <Button onClick={() => go('/machine')}>{common('engine.openMachine')}</Button>
      </EmptyState>
    );
  return (
    <EmptyState title={t(`heading.${machine.phase}`)} hint={t('startingHint')}>
      <Button onClick={() => go('/machine')}>{common('engine.openMachine')}</Button>
    </EmptyState>
  );
}

/** What stands in place of rows: no engine, still reading, nothing there, nothing that matches. */
export function ListState({ filter, show, onRun }: { filter: string; show: Chip; onRun: () => void }) {
  const { t } = useTranslation('containers');
  const { t: common } = useTranslation();
  const runs = useMachine(engineRuns);
  const { readAtMs, failure, byId } = useContainers();
  if (!runs && readAtMs === undefined) return <NoEngine />;
  if (readAtMs === undefined)
    return failure ? (
      <div className="p-4">
        <ErrorFailure error={failure} />
      </div>
    ) : (
      <Skeleton />
    );
  if (byId.size === 0)
    return (
      <EmptyState icon={<Box size={28} />} title={t('empty.title')} hint={t('empty.hint')}>
        <Button look="primary" onClick={onRun}>
          <Plus size={14} aria-hidden />
          {t('run')}
        </Button>
      </EmptyState>
    );
  const query = filter === '' ? t(`group.${show}`) : filter;
  return (
    <EmptyState icon={<Search size={28} />} title={common('nothingMatches', { query })}>
      <Button onClick={() => setQuery({ q: null, show: null }, { replace: true })}>
        {common('clearFilter')}
      </Button>
    </EmptyState>
  );
}
