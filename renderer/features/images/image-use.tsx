import { Layers, Play, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { ImageLayers, LayerSummary } from '../../../engine/api/layers.ts';
import { Link } from '../../router/link.tsx';
import { go, pathOf } from '../../router/location.ts';
import { shapeOf } from '../../stores/container-shape.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { formatBytes, formatSpan } from '../../ui/format.ts';
import { StateIcon, toneOf, toneText } from '../../ui/state-icon.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { ImageView } from './rows.ts';

/** Names that fit into a line of the panel. */
const namedImages = 2;

/** Shared layers one by one, the rest joined as "only here". */
function layerLines(layers: ImageLayers | undefined) {
  const stored = (layers?.layers ?? []).filter((layer) => layer.diffId !== null);
  const shared = stored.filter((layer) => layer.sharedWith.length > 0);
  const own = stored.filter((layer) => layer.sharedWith.length === 0);
  return { stored, shared, ownBytes: own.reduce((sum, layer) => sum + layer.sizeBytes, 0) };
}

function SharedLayer({ layer }: { layer: LayerSummary }) {
  const { t } = useTranslation('images');
  const named = layer.sharedWith.slice(0, namedImages).join(', ');
  const more = layer.sharedWith.length - namedImages;
  const names = more > 0 ? t('andMore', { names: named, count: more }) : named;
  return (
    <li className="grid h-[26px] grid-cols-[12px_minmax(0,1fr)_auto] items-center gap-2 text-small">
      <span className="size-2 rounded-[2px] bg-line-strong" />
      <span className="truncate">
        <span className="code">{layer.number}</span>{' '}
        <span className="text-text-3">{t('sharedWith', { names })}</span>
      </span>
      <span className="tabular">{formatBytes(layer.sizeBytes)}</span>
    </li>
  );
}

function Users({ view }: { view: ImageView }) {
  const { t } = useTranslation(['images', 'common']);
  const now = useNow(30_000);
  if (view.users.length === 0) return <p className="text-small text-text-3">{t('usedByNone')}</p>;
  return (
    <ul>
      {view.users.map((user) => (
        <li
          key={user.id}
          className="grid h-[26px] grid-cols-[12px_minmax(0,1fr)_auto] items-center gap-2 text-small"
        >
          <StateIcon shape={shapeOf[user.condition]} />
          <span className="truncate">
            <Link to={pathOf('containers', user.id)} className="font-medium text-accent-text">
              {user.name}
            </Link>{' '}
            <span className={classNames(toneText[toneOf[shapeOf[user.condition]]])}>
              {t(`common:condition.${user.condition}`, { code: user.exitCode ?? 0 })}
            </span>
          </span>
          <span className="tabular text-text-3">{user.since && formatSpan(now - user.since.atMs)}</span>
        </li>
      ))}
    </ul>
  );
}

/** The panel under an image's row: who uses it, what it shares, what can be done with it. */
export function ImageUse({
  view,
  layers,
  onRemove,
}: {
  view: ImageView;
  layers: ImageLayers | undefined;
  onRemove: () => void;
}) {
  const { t } = useTranslation('images');
  const { stored, shared, ownBytes } = layerLines(layers);
  return (
    <div className="h-full w-full cursor-auto py-0.5 pr-2 pl-7">
      <div className="grid h-full grid-cols-2 grid-rows-[minmax(0,1fr)_40px] rounded-[8px] border border-line bg-surface-2">
        <section className="overflow-y-auto px-3 pt-2 pb-1">
          <h2 className="mb-1 text-small font-semibold">{t('usedBy')}</h2>
          <Users view={view} />
        </section>
        <section className="overflow-y-auto border-l border-line px-3 pt-2 pb-1">
          <h2 className="mb-1 text-small font-semibold">
            {t('layers')}{' '}
            <span className="font-normal text-text-3">
              {t('layersOf', { count: stored.length, shared: shared.length })}
            </span>
          </h2>
          <ul>
            {shared.map((layer) => (
              <SharedLayer key={layer.number} layer={layer} />
            ))}
            <li className="grid h-[26px] grid-cols-[12px_minmax(0,1fr)_auto] items-center gap-2 text-small">
              <span className="size-2 rounded-[2px] bg-accent-text opacity-75" />
              <span>{t('onlyHere')}</span>
              <span className="tabular">{formatBytes(ownBytes)}</span>
            </li>
          </ul>
        </section>
        <footer className="col-span-2 flex items-center gap-1.5 border-t border-line pr-2 pl-3">
          <Button small onClick={() => go(pathOf('images', view.reference, 'layers'))}>
            <Layers size={13} />
            {t('openLayers')}
          </Button>
          <Button small onClick={() => go(`/containers?run=${encodeURIComponent(view.reference)}`)}>
            <Play size={13} />
            {t('run')}
          </Button>
          <Button small look="danger" onClick={onRemove}>
            <Trash2 size={13} />
            {t('remove')}
          </Button>
          <span className="flex-1" />
          {view.users.length > 0 && (
            <span className="truncate text-small text-text-3">
              {t('inUse', { names: view.users.map(({ name }) => name).join(', ') })}
            </span>
          )}
        </footer>
      </div>
    </div>
  );
}
