import { Layers, Play, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { go, pathOf } from '../../router/location.ts';
import { pullTotals } from '../../stores/pull-progress.ts';
import { cancelPull, forgetPull, type Pull, startPull } from '../../stores/pulls.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { formatBytes, formatShare, formatSpan } from '../../ui/format.ts';
import { PullLayers } from './pull-layers.tsx';

/** Rates that the shown rate is the mean of: two seconds. */
const meanOf = 4;

function RateLine({ rates }: { rates: readonly number[] }) {
  const most = Math.max(1, ...rates);
  const points = rates.map(
    (rate, index) => `${(index / Math.max(1, rates.length - 1)) * 70},${15 - (rate / most) * 13}`,
  );
  return (
    <svg width="70" height="16" aria-hidden="true" className="flex-none">
      <polyline points={`0,16 ${points.join(' ')} 70,16`} className="fill-accent-text/15" />
      <polyline points={points.join(' ')} className="fill-none stroke-accent-text" strokeWidth="1.2" />
    </svg>
  );
}

function titleKey(pull: Pull) {
  if (pull.phase === 'running') return 'sheet.pulling';
  if (pull.phase === 'done') return pull.progress.upToDate ? 'sheet.upToDate' : 'sheet.done';
  return pull.phase === 'failed' ? 'sheet.failed' : 'sheet.canceled';
}

function Totals({ pull }: { pull: Pull }) {
  const { t } = useTranslation('images');
  const totals = pullTotals(pull.progress);
  const recent = pull.rates.slice(-meanOf);
  const rate = recent.reduce((sum, value) => sum + value, 0) / Math.max(1, recent.length);
  const leftMs = rate > 0 ? ((totals.totalBytes - totals.receivedBytes) / rate) * 1000 : 0;
  const here = pull.progress.layers.filter((layer) => layer.phase === 'here').length;
  const running = pull.phase === 'running';
  const share = pull.phase === 'done' ? 1 : totals.share;
  if (totals.layers === 0)
    return running ? <p className="px-4 pb-3 text-text-2">{t('sheet.asking')}</p> : null;
  return (
    <div className="flex-none border-y border-line px-4 pt-2.5 pb-3">
      <div className="flex items-center gap-2">
        <b className="tabular text-title font-semibold">
          {t('sheet.of', {
            received: formatBytes(totals.receivedBytes),
            total: formatBytes(totals.totalBytes),
          })}
        </b>
        <span className="tabular text-text-3">{formatShare(share)}</span>
        <span className="flex-1" />
        {running && (
          <>
            <RateLine rates={pull.rates} />
            <span className="tabular whitespace-nowrap">{t('sheet.rate', { rate: formatBytes(rate) })}</span>
            {leftMs > 1000 && (
              <span className="tabular whitespace-nowrap text-text-3">
                {t('sheet.left', { duration: formatSpan(leftMs) })}
              </span>
            )}
          </>
        )}
      </div>
      <div
        role="progressbar"
        aria-label={t('sheet.bar')}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
        className="my-2 h-1.5 overflow-hidden rounded-full bg-idle-soft"
      >
        <i className="block h-full bg-accent" style={{ width: `${share * 100}%` }} />
      </div>
      <dl className="grid grid-cols-3 gap-2 text-small">
        <div>
          <dt className="text-text-3">{t('sheet.here')}</dt>
          <dd className="font-medium">{t('sheet.hereLayers', { count: here })}</dd>
        </div>
        <div>
          <dt className="text-text-3">{t('sheet.fetch')}</dt>
          <dd className="tabular font-medium">
            {t('sheet.fetchValue', {
              size: formatBytes(totals.totalBytes),
              layers: t('sheet.hereLayers', { count: totals.layers - here }),
            })}
          </dd>
        </div>
        <div>
          <dt className="text-text-3">{t('layers')}</dt>
          <dd className="tabular font-medium">
            {t('sheet.layersDone', { done: totals.done, total: totals.layers })}
          </dd>
        </div>
      </dl>
    </div>
  );
}

/** The progress of one pull beside the list. Closing it leaves the pull running. */
export function PullSheet({ pull, onClose }: { pull: Pull; onClose: () => void }) {
  const { t } = useTranslation(['images', 'common']);
  const { reference, phase } = pull;
  const close = () => {
    if (phase !== 'running') forgetPull(reference);
    onClose();
  };
  return (
    <section aria-label={t('sheet.label', { reference })} className="card flex-1">
      <header className="flex flex-none items-center gap-2 py-2.5 pr-3 pl-4">
        <h2 aria-live="polite" className="min-w-0 flex-1 truncate text-title">
          {t(titleKey(pull), { reference })}
        </h2>
        <IconButton
          label={phase === 'running' ? t('sheet.close') : t('common:close')}
          icon={<X size={16} />}
          onClick={close}
        />
      </header>
      {phase === 'failed' && (
        <div className="px-3 pb-3">
          <ErrorFailure error={pull.error} title={t('sheet.failed', { reference })}>
            <Button small onClick={() => startPull(reference)}>
              {t('common:retry')}
            </Button>
          </ErrorFailure>
        </div>
      )}
      <Totals pull={pull} />
      <PullLayers label={t('sheet.layersLabel', { reference })} layers={pull.progress.layers} />
      {phase === 'canceled' && (
        <p className="border-t border-line px-4 py-2 text-small text-text-2">{t('sheet.canceledHint')}</p>
      )}
      <div className="flex flex-none items-center gap-2 border-t border-line bg-surface-2 py-1 pr-2 pl-4">
        <code className="code min-w-0 flex-1 truncate">docker pull {reference}</code>
        <CopyButton text={`docker pull ${reference}`} iconOnly />
      </div>
      <footer className="flex flex-none justify-end gap-2 border-t border-line px-3 py-2.5">
        {phase === 'running' && (
          <Button onClick={() => cancelPull(reference)}>
            <X size={14} />
            {t('sheet.cancel')}
          </Button>
        )}
        {phase === 'canceled' && <Button onClick={() => startPull(reference)}>{t('common:retry')}</Button>}
        {phase === 'done' && (
          <>
            <Button onClick={() => go(pathOf('images', reference, 'layers'))}>
              <Layers size={14} />
              {t('sheet.openLayers')}
            </Button>
            <Button look="primary" onClick={() => go(`/containers?run=${encodeURIComponent(reference)}`)}>
              <Play size={14} />
              {t('sheet.run')}
            </Button>
          </>
        )}
      </footer>
    </section>
  );
}
