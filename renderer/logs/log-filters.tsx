import { Clock, Download, WrapText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { formatNumber } from '../ui/format.ts';
import { Menu, MenuChoice } from '../ui/menu.tsx';
import type { LogQuery } from './log-filter.ts';
import type { TimeFormat } from './log-session.ts';
import { useLogPreferences } from './preferences.ts';

/** The levels that can be switched; lines without a level go with Info. */
const switches = [
  { name: 'error', bits: 1 << 4, colour: 'text-err', counted: [4] },
  { name: 'warn', bits: 1 << 3, colour: 'text-warn', counted: [3] },
  { name: 'info', bits: (1 << 2) | 1, colour: 'text-idle', counted: [] },
  { name: 'debug', bits: 1 << 1, colour: 'text-text-3', counted: [] },
] as const;

const timeFormats: readonly TimeFormat[] = ['local', 'utc', 'seconds', 'off'];

function Switch({ on, onClick, children }: { on: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={onClick}
      className={classNames(
        'fade flex h-6 flex-none items-center gap-1.5 whitespace-nowrap rounded-control px-2 text-small',
        on ? 'bg-idle-soft text-text-2' : 'text-text-3 hover:bg-hover',
      )}
    >
      {children}
    </button>
  );
}

/** The filter row: levels, streams, time format, wrapping and saving. */
export function LogFilters({
  query,
  counts,
  multiplexed,
  onQuery,
  onSave,
}: {
  query: LogQuery;
  /** Lines by level code. */
  counts: readonly number[];
  /** False for a container with a terminal: it has one stream. */
  multiplexed: boolean;
  onQuery: (change: Partial<LogQuery>) => void;
  onSave: () => void;
}) {
  const { t } = useTranslation('logs');
  const { wrap, time } = useLogPreferences();
  return (
    <div className="flex flex-none flex-wrap items-center gap-x-1.5 gap-y-1 px-2.5 pb-2">
      <fieldset className="flex gap-1">
        <legend className="sr-only">{t('levels')}</legend>
        {switches.map(({ name, bits, colour, counted }) => {
          const on = (query.levels & bits) !== 0;
          const lines = counted.reduce((sum, code) => sum + (counts[code] ?? 0), 0);
          return (
            <Switch key={name} on={on} onClick={() => onQuery({ levels: query.levels ^ bits })}>
              <span
                aria-hidden="true"
                className={classNames(
                  'size-[7px] rounded-[2px]',
                  colour,
                  on ? 'bg-current' : 'border border-line-strong',
                )}
              />
              {t(`level.${name}`)}
              {lines > 0 && <span className="tabular text-text-3">{formatNumber(lines)}</span>}
            </Switch>
          );
        })}
      </fieldset>
      <span className="flex-1" />
      {multiplexed && (
        <fieldset className="flex gap-1">
          <legend className="sr-only">{t('streams')}</legend>
          <Switch on={query.stdout} onClick={() => onQuery({ stdout: !query.stdout })}>
            stdout
          </Switch>
          <Switch on={query.stderr} onClick={() => onQuery({ stderr: !query.stderr })}>
            stderr
          </Switch>
        </fieldset>
      )}
      <Menu
        trigger={
          <Button aria-label={t('timeFormat', { format: t(`time.${time}`) })}>
            <Clock size={14} />
            <span className="max-[1400px]:hidden">{t(`time.${time}`)}</span>
          </Button>
        }
      >
        <MenuChoice
          label={t('timeLabel')}
          value={time}
          options={timeFormats.map((value) => ({ value, label: t(`time.${value}`) }))}
          onChange={(next) => useLogPreferences.setState({ time: next })}
        />
      </Menu>
      <IconButton
        label={t('wrap')}
        pressed={wrap}
        icon={<WrapText size={15} />}
        onClick={() => useLogPreferences.setState({ wrap: !wrap })}
      />
      <IconButton label={t('save')} icon={<Download size={15} />} onClick={onSave} />
    </div>
  );
}
