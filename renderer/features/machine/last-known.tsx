import { useTranslation } from 'react-i18next';
import { shapeOf } from '../../stores/container-shape.ts';
import { useContainers } from '../../stores/containers.ts';
import { Badge } from '../../ui/badge.tsx';
import { formatMoment } from '../../ui/format.ts';
import { StateIcon } from '../../ui/state-icon.tsx';

/** The containers as they were when they could last be read, greyed. */
export function LastKnown() {
  const { t } = useTranslation('machine');
  const { t: common } = useTranslation();
  const { byId, readAtMs } = useContainers();
  if (readAtMs === undefined || byId.size === 0) return null;
  return (
    <section className="card min-h-32 flex-1" aria-label={t('lastKnown')}>
      <div className="flex flex-none items-center justify-between px-3.5 pt-2.5 pb-1.5">
        <h2>{t('lastKnown')}</h2>
        <Badge>{common('time.asOf', { time: formatMoment(readAtMs) })}</Badge>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <ul tabIndex={0} aria-label={t('lastKnown')} className="min-h-0 overflow-auto pb-2">
        {[...byId.values()].map((view) => (
          <li
            key={view.id}
            className="grid h-[26px] grid-cols-[12px_minmax(0,1fr)_auto] items-center gap-2 px-3.5 text-text-3"
          >
            <StateIcon shape={shapeOf[view.condition]} tone="idle" />
            <span className="truncate text-text-2">{view.name}</span>
            <span>{common(`condition.${view.condition}`, { code: view.exitCode ?? '' })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
