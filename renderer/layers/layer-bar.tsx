import { useTranslation } from 'react-i18next';
import type { ImageLayers } from '../../engine/api/layers.ts';
import { classNames } from '../ui/class-names.ts';
import { formatBytes, formatShare } from '../ui/format.ts';
import type { Wasted } from './wasted.ts';

function Figure({
  name,
  value,
  share,
  warn = false,
}: {
  name: string;
  value: string;
  share?: string;
  warn?: boolean;
}) {
  return (
    <div className="flex-none whitespace-nowrap">
      <span className="block text-small text-text-3">{name}</span>
      <b className={classNames('tabular text-title leading-[22px] font-semibold', warn && 'text-warn')}>
        {value}
      </b>
      {share && <span className="tabular ml-1.5 text-text-3">{share}</span>}
    </div>
  );
}

/** Sizes of the whole image, and a segment a layer; its hatched part is hidden by later layers. */
export function LayerBar({
  image,
  wasted,
  selected,
  onSelect,
}: {
  image: ImageLayers;
  wasted: Wasted;
  selected: number;
  onSelect: (layer: number) => void;
}) {
  const { t } = useTranslation('layers');
  const total = Math.max(1, image.sizeBytes);
  const stored = image.layers.filter((layer) => layer.sizeBytes > 0);
  return (
    <div className="flex flex-none items-center gap-6 px-4 py-2.5 max-split:flex-wrap max-split:gap-x-5 max-split:gap-y-2">
      <Figure name={t('total')} value={formatBytes(image.sizeBytes)} />
      <Figure name={t('unique')} value={formatBytes(image.uniqueBytes)} />
      {wasted.finished && (
        <>
          <Figure
            name={t('wasted')}
            value={formatBytes(wasted.totalBytes)}
            warn={wasted.totalBytes > 0}
            {...(wasted.totalBytes > 0 ? { share: formatShare(wasted.totalBytes / total) } : {})}
          />
          <Figure name={t('efficiency')} value={formatShare(1 - wasted.totalBytes / total)} />
        </>
      )}
      <fieldset className="flex h-9 min-w-48 flex-1 gap-0.5 overflow-hidden rounded-[7px]">
        <legend className="sr-only">{t('barLabel')}</legend>
        {stored.map((layer) => {
          const isSelected = layer.number === selected;
          const hidden = (wasted.byLayer.get(layer.number) ?? 0) / layer.sizeBytes;
          const size = formatBytes(layer.sizeBytes);
          return (
            <button
              key={layer.number}
              type="button"
              aria-pressed={isSelected}
              title={t('barLayer', { number: layer.number, size })}
              onClick={() => onSelect(layer.number)}
              className={classNames(
                'relative flex min-w-[3px] flex-col justify-center overflow-hidden whitespace-nowrap text-left text-meta leading-[14px] first:rounded-l-[7px] last:rounded-r-[7px]',
                isSelected
                  ? 'bg-accent text-accent-fg'
                  : layer.sharedWith.length > 0
                    ? 'bg-bar-2 text-text hover:brightness-95'
                    : 'bg-bar text-text-2 hover:brightness-95',
              )}
              style={{ flexGrow: layer.sizeBytes, flexBasis: 0 }}
            >
              <span className="sr-only">{t('barLayer', { number: layer.number, size })}</span>
              {hidden > 0 && (
                <span
                  aria-hidden="true"
                  className={classNames('absolute inset-y-0 right-0', !isSelected && 'hatch')}
                  style={{
                    width: `${Math.min(1, hidden) * 100}%`,
                    ...(isSelected
                      ? {
                          backgroundImage:
                            'repeating-linear-gradient(135deg, transparent 0 5px, rgb(255 255 255 / 0.25) 5px 7px)',
                        }
                      : {}),
                  }}
                />
              )}
              {layer.sizeBytes / total > 0.03 && (
                <span className="relative pl-2" aria-hidden="true">
                  <b className="block font-semibold">{layer.number}</b>
                  {layer.sizeBytes / total > 0.07 && <span className="tabular">{size}</span>}
                </span>
              )}
            </button>
          );
        })}
      </fieldset>
    </div>
  );
}
