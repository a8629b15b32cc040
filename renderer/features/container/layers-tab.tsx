import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContainerInspect } from '../../../engine/api/containers.ts';
import { LayerExplorer } from '../../layers/explorer.tsx';
import type { LayerChoice } from '../../layers/layers-pane.tsx';
import { useWasted } from '../../layers/use-wasted.ts';
import { useLayers } from '../../stores/use-layers.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';

/** The image's layers with the container's writable layer on top. */
export function LayersTab({ inspect }: { inspect: ContainerInspect }) {
  const { t } = useTranslation(['container', 'layers', 'common']);
  const { layers, failure, retry } = useLayers(inspect.Image);
  const { wasted, error } = useWasted(inspect.Image, layers);
  const [choice, setChoice] = useState<LayerChoice>('writable');
  // biome-ignore lint/correctness/useExhaustiveDependencies: another container starts at its own layer
  useEffect(() => setChoice('writable'), [inspect.Id]);
  if (failure !== null)
    return (
      <div className="p-3">
        <ErrorFailure title={t('layersFailed')} error={failure}>
          <Button small onClick={retry}>
            {t('common:retry')}
          </Button>
        </ErrorFailure>
      </div>
    );
  if (!layers) return <EmptyState title={t('layers:loading')} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col bg-surface-2 p-2">
      <LayerExplorer
        name={inspect.Image}
        image={layers}
        wasted={wasted}
        wastedError={error}
        choice={choice}
        onChoose={setChoice}
        containerId={inspect.Id}
      />
    </div>
  );
}
