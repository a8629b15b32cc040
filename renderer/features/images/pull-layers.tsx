import { useTranslation } from 'react-i18next';
import type { LayerPhase, PullLayer } from '../../stores/pull-progress.ts';
import { classNames } from '../../ui/class-names.ts';
import { formatBytes } from '../../ui/format.ts';
import { StateIcon, type StateShape } from '../../ui/state-icon.tsx';

const shapes: Record<LayerPhase, StateShape> = {
  waiting: 'created',
  downloading: 'busy',
  retrying: 'warning',
  verifying: 'busy',
  downloaded: 'waiting',
  extracting: 'busy',
  done: 'healthy',
  here: 'healthy',
};

const wordClass: Partial<Record<LayerPhase, string>> = {
  downloading: 'text-info',
  verifying: 'text-info',
  extracting: 'text-info',
  retrying: 'text-err',
};

/** How far the step is that the layer is in. */
function share(layer: PullLayer): number {
  if (layer.phase === 'done') return 1;
  if (layer.phase === 'extracting') return layer.extracted;
  return layer.totalBytes ? layer.receivedBytes / layer.totalBytes : 0;
}

function Bytes({ layer }: { layer: PullLayer }) {
  const { t } = useTranslation('images');
  if (layer.totalBytes === null) return null;
  const partly = layer.phase === 'downloading' || layer.phase === 'retrying';
  return (
    <>
      {partly
        ? t('sheet.of', { received: formatBytes(layer.receivedBytes), total: formatBytes(layer.totalBytes) })
        : formatBytes(layer.totalBytes)}
    </>
  );
}

/** One row a layer: digest, state word, bar and bytes. */
export function PullLayers({ label, layers }: { label: string; layers: readonly PullLayer[] }) {
  const { t } = useTranslation('images');
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto px-1 pt-1"
    >
      <ul>
        {layers.map((layer) => (
          <li
            key={layer.id}
            className={classNames(
              'rounded-control text-small',
              layer.phase === 'retrying' && 'bg-err-soft/55 [--state-cut:var(--color-err-soft)]',
            )}
          >
            <div className="grid h-7 grid-cols-[12px_92px_88px_minmax(0,1fr)_116px] items-center gap-2 px-3">
              <StateIcon
                shape={shapes[layer.phase]}
                {...(layer.phase === 'here' ? { tone: 'idle' as const } : {})}
              />
              <span className="code truncate">{layer.id}</span>
              <span className={classNames('truncate', wordClass[layer.phase] ?? 'text-text-2')}>
                {t(`sheet.phase.${layer.phase}`)}
              </span>
              <span aria-hidden="true" className="h-1 overflow-hidden rounded-full bg-idle-soft">
                {layer.phase !== 'here' && (
                  <i
                    className={classNames(
                      'block h-full rounded-full opacity-75',
                      layer.phase === 'retrying' ? 'bg-err' : 'bg-accent-text',
                    )}
                    style={{ width: `${share(layer) * 100}%` }}
                  />
                )}
              </span>
              <span
                className={classNames(
                  'tabular text-right whitespace-nowrap',
                  ['waiting', 'here'].includes(layer.phase) && 'text-text-3',
                )}
              >
                <Bytes layer={layer} />
              </span>
            </div>
            {layer.note && <p className="px-3 pb-1.5 pl-8 text-text-2">{layer.note}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}
