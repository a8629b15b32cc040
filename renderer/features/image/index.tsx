import { Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ImageLayers } from '../../../engine/api/layers.ts';
import { firstChoice, LayerExplorer } from '../../layers/explorer.tsx';
import { LayerBar } from '../../layers/layer-bar.tsx';
import { useWasted } from '../../layers/use-wasted.ts';
import { go, pathOf, setQuery, useLocation } from '../../router/location.ts';
import { useContainers } from '../../stores/containers.ts';
import { containersOf } from '../../stores/image-names.ts';
import { startPull } from '../../stores/pulls.ts';
import { useImage } from '../../stores/use-image.ts';
import { useLayers } from '../../stores/use-layers.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { ConfigTab } from './config-tab.tsx';
import { HistoryTab } from './history-tab.tsx';
import { ImageHeader } from './image-header.tsx';
import { OverviewTab } from './overview-tab.tsx';

const tabs = ['overview', 'layers', 'config', 'history'] as const;
type Tab = (typeof tabs)[number];

function useChosenLayer(image: ImageLayers | undefined): number {
  const asked = Number(useLocation(({ query }) => query.get('layer')));
  if (!image) return 1;
  return image.layers.some(({ number }) => number === asked) ? asked : firstChoice(image);
}

function Gone({ name }: { name: string }) {
  const { t } = useTranslation('image');
  return (
    <section className="card flex-1">
      <EmptyState title={t('gone', { name })} hint={t('goneHint')}>
        <Button onClick={() => go('/images')}>{t('back')}</Button>
        {!name.startsWith('sha256:') && (
          <Button
            look="primary"
            onClick={() => go(`/images?pull=${encodeURIComponent(startPull(name).reference)}`)}
          >
            <Download size={14} />
            {t('pull')}
          </Button>
        )}
      </EmptyState>
    </section>
  );
}

/** One image: what it is, its layers and their files, its configuration and its history. */
export default function ImagePage({ name, tab }: { name: string; tab: string | undefined }) {
  const { t } = useTranslation(['image', 'layers', 'common']);
  const { inspect, gone, failure, retry } = useImage(name);
  const { layers, failure: layersFailure, retry: retryLayers } = useLayers(inspect?.Id);
  const { wasted, error } = useWasted(inspect?.Id ?? '', layers);
  const containers = useContainers(({ byId }) => byId);
  const layer = useChosenLayer(layers);
  if (gone) return <Gone name={name} />;
  if (!inspect)
    return (
      <section className="card flex-1" aria-busy={failure === null}>
        {failure !== null && (
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
  const current: Tab = tabs.find((value) => value === tab) ?? 'layers';
  const users = containersOf(inspect, containers.values());
  const choose = (number: number | 'writable') => setQuery({ layer: String(number) }, { replace: true });
  const failed = layersFailure !== null && (
    <div className="p-3">
      <ErrorFailure title={t('layers:failed')} error={layersFailure}>
        <Button small onClick={retryLayers}>
          {t('common:retry')}
        </Button>
      </ErrorFailure>
    </div>
  );
  const onLayers = current === 'layers';
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <section aria-label={name} className={onLayers ? 'card flex-none' : 'card flex-1'}>
        <ImageHeader inspect={inspect} uniqueBytes={layers?.uniqueBytes} users={users} />
        <Tabs
          label={name}
          value={current}
          tabs={tabs.map((value) => ({ value, label: t(`tabs.${value}`) }))}
          onChange={(next) => go(pathOf('images', name, next))}
        >
          {onLayers && layers && (
            <LayerBar image={layers} wasted={wasted} selected={layer} onSelect={choose} />
          )}
          {onLayers && failed}
          {current === 'overview' && <OverviewTab inspect={inspect} layers={layers} users={users} />}
          {current === 'config' && <ConfigTab config={inspect.Config} />}
          {current === 'history' && (layers ? <HistoryTab name={name} image={layers} /> : failed)}
        </Tabs>
      </section>
      {onLayers && layers && (
        <LayerExplorer
          name={inspect.Id}
          image={layers}
          wasted={wasted}
          wastedError={error}
          choice={layer}
          onChoose={choose}
        />
      )}
    </div>
  );
}
