import { useTranslation } from 'react-i18next';
import type { ImageLayers } from '../../engine/api/layers.ts';
import { Link } from '../router/link.tsx';
import { pathOf } from '../router/location.ts';
import { Badge } from '../ui/badge.tsx';
import { ErrorFailure } from '../ui/error-failure.tsx';
import { formatBytes } from '../ui/format.ts';
import type { Wasted, WastedEntry } from './wasted.ts';

/** Rows shown; smaller ones are counted. */
const shownEntries = 40;

/** Hidden files, largest first. A click shows the file in the layer that holds it. */
export function WastedPane({
  wasted,
  error,
  onSelect,
}: {
  wasted: Wasted;
  error: unknown;
  onSelect: (entry: WastedEntry) => void;
}) {
  const { t } = useTranslation('layers');
  const shown = wasted.entries.slice(0, shownEntries);
  const largest = shown[0]?.sizeBytes ?? 1;
  const how = new Set(wasted.entries.map((entry) => entry.how));
  return (
    <section aria-label={t('wastedPane.title')} className="card min-h-24 flex-auto">
      <header className="flex min-h-[42px] flex-none items-center gap-2 px-3 py-1.5">
        <h2>{t('wastedPane.title')}</h2>
        {wasted.totalBytes > 0 && <Badge tone="warn">{formatBytes(wasted.totalBytes)}</Badge>}
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {error !== null && (
          <div className="px-2 pb-2">
            <ErrorFailure title={t('wastedPane.failed')} error={error} />
          </div>
        )}
        <p className="px-3 pb-1.5 text-small text-text-2" role="status">
          {wasted.entries.length > 0
            ? t('wastedPane.text')
            : wasted.finished
              ? t('wastedPane.none')
              : error === null && t('wastedPane.looking')}
        </p>
        <ul className="px-1">
          {shown.map((entry) => (
            <li key={`${entry.path.text} ${entry.hiddenIn}`} className="border-t border-line">
              <button
                type="button"
                onClick={() => onSelect(entry)}
                className="w-full rounded-control px-2 py-[5px] text-left hover:bg-hover"
              >
                <span className="flex items-center gap-2">
                  <span className="code min-w-0 flex-1 truncate" title={entry.path.text}>
                    {entry.path.text}
                  </span>
                  <span className="tabular">{formatBytes(entry.sizeBytes)}</span>
                </span>
                <span className="flex items-center gap-2 text-small text-text-3">
                  <span className="min-w-0 flex-1 truncate">
                    {t(`wastedPane.${entry.how}`, { from: entry.addedIn, to: entry.hiddenIn })}
                  </span>
                  <span
                    aria-hidden="true"
                    className="h-1 w-[72px] flex-none overflow-hidden rounded-full bg-idle-soft"
                  >
                    <i
                      className="block h-full rounded-full"
                      style={{
                        width: `${(entry.sizeBytes / largest) * 100}%`,
                        backgroundImage:
                          'repeating-linear-gradient(135deg, var(--color-warn) 0 3px, transparent 3px 5px)',
                      }}
                    />
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
        {wasted.entries.length > shown.length && (
          <p className="px-3 py-1 text-small text-text-3">
            {t('wastedPane.more', { count: wasted.entries.length - shown.length })}
          </p>
        )}
        {wasted.partial && <p className="px-3 py-1 text-small text-text-3">{t('wastedPane.partial')}</p>}
        {wasted.entries.length > 0 && (
          <div className="mx-2 mt-1.5 mb-2 rounded-[8px] border border-line bg-surface-2 px-3 py-2.5 text-small">
            <h3>{t('wastedPane.fixTitle', { size: formatBytes(wasted.totalBytes) })}</h3>
            {how.has('removed') && <p className="mt-1 text-text-2">{t('wastedPane.fixRemoved')}</p>}
            {how.has('replaced') && <p className="mt-1 text-text-2">{t('wastedPane.fixReplaced')}</p>}
          </div>
        )}
      </div>
    </section>
  );
}

/** The layers that other images have too, and which images those are. */
export function SharedPane({ image, onSelect }: { image: ImageLayers; onSelect: (layer: number) => void }) {
  const { t } = useTranslation('layers');
  const shared = image.layers.filter((layer) => layer.sharedWith.length > 0 && layer.sizeBytes > 0);
  const bytes = shared.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  return (
    <section aria-label={t('sharedPane.title')} className="card min-h-20 max-h-[45%] flex-none">
      <header className="flex min-h-[38px] flex-none items-center px-3 py-1.5">
        <h2>{t('sharedPane.title')}</h2>
      </header>
      <p className="flex-none px-3 pb-1.5 text-small text-text-2">
        {shared.length === 0 ? t('sharedPane.none') : t('sharedPane.text', { size: formatBytes(bytes) })}
      </p>
      <ul className="min-h-0 flex-1 overflow-y-auto px-3 pb-2">
        {shared.map((layer) => (
          <li key={layer.number} className="flex gap-2 border-t border-line py-1 text-small">
            <button
              type="button"
              onClick={() => onSelect(layer.number)}
              className="tabular h-6 w-5 flex-none text-left text-text-3 hover:text-accent-text"
              aria-label={t('only', { number: layer.number })}
            >
              {layer.number}
            </button>
            <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2">
              {layer.sharedWith.map((name) => (
                <Link
                  key={name}
                  to={pathOf('images', name, 'layers')}
                  className="max-w-full truncate py-0.5 text-accent-text hover:underline"
                >
                  {name}
                </Link>
              ))}
            </span>
            <span className="tabular flex-none leading-6">{formatBytes(layer.sizeBytes)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
