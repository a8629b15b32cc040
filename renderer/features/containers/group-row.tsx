import { ChevronDown, ChevronRight, Play, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { isUp } from '../../stores/container-state.ts';
import { act } from '../../stores/containers.ts';
import { Badge } from '../../ui/badge.tsx';
import { IconButton } from '../../ui/button.tsx';
import { type Row, summarize } from './rows.ts';

/** A project's heading: how many run, where its file lies, trouble, start or stop all. */
export function GroupRow({ row, onFold }: { row: Extract<Row, { kind: 'group' }>; onFold: () => void }) {
  const { t } = useTranslation('containers');
  const { running, total, problems } = summarize(row.views);
  const name = row.title ?? t('noProject');
  const stops = running > 0;
  const Chevron = row.folded ? ChevronRight : ChevronDown;
  return (
    <div className="flex min-w-0 flex-1 items-center gap-2">
      <IconButton
        small
        tabIndex={-1}
        className="-mr-1 ml-0.5"
        label={t(row.folded ? 'expand' : 'collapse', { name })}
        icon={<Chevron size={14} aria-hidden />}
        onClick={onFold}
      />
      <span className="truncate font-semibold">{name}</span>
      <span className="tabular flex-none text-text-3">{t('runningOf', { running, total })}</span>
      {row.subtitle && (
        <span className="code min-w-0 truncate text-text-3 @max-[535px]:hidden">{row.subtitle}</span>
      )}
      <span className="flex-1" />
      {problems > 0 && <Badge tone="err">{t('problems', { count: problems })}</Badge>}
      <IconButton
        small
        tabIndex={-1}
        label={t(stops ? 'stopAll' : 'startAll', { name })}
        icon={stops ? <Square size={14} aria-hidden /> : <Play size={14} aria-hidden />}
        onClick={() => {
          for (const view of row.views) if (isUp(view) === stops) void act(view.id, stops ? 'stop' : 'start');
        }}
      />
    </div>
  );
}
