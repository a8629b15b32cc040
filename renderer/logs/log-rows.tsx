import { memo, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { classNames } from '../ui/class-names.ts';
import { formatLineTime } from './format-time.ts';
import { withoutLevel } from './level-word.ts';
import type { TimeFormat } from './log-session.ts';
import { LogText } from './log-text.tsx';
import type { LogRow } from './protocol.ts';
import { rowPx } from './scroll-model.ts';

const levelWords = ['', 'DEBUG', 'INFO', 'WARN', 'ERROR'];
const levelClass = ['', 'text-text-3', 'text-text-3', 'text-warn', 'text-err'];

export interface RowLook {
  time: TimeFormat;
  startMs: number;
  wrap: boolean;
  expression: RegExp | null;
}

interface RowProps extends RowLook {
  row: LogRow;
  current: boolean;
  selected: boolean;
  topPx: number | null;
  onSelect: (row: LogRow) => void;
}

const Row = memo(function Row({ row, current, selected, topPx, onSelect, ...look }: RowProps) {
  const { t } = useTranslation('logs');
  const time = formatLineTime(row.timeMs, look.time, look.startMs);
  const level = row.continued ? 0 : row.level;
  return (
    <div
      className={classNames(
        'flex gap-2.5 border-l-2 px-3 leading-5',
        look.wrap ? 'whitespace-pre-wrap break-all' : 'h-5 whitespace-pre',
        row.level === 4
          ? 'border-err bg-err-soft/55'
          : row.level === 3
            ? 'border-warn'
            : 'border-transparent',
        selected && 'bg-selected',
      )}
      style={topPx === null ? undefined : { position: 'absolute', top: topPx, left: 0, right: 0 }}
    >
      {look.time !== 'off' && (
        <button
          type="button"
          tabIndex={-1}
          aria-label={`${time} ${t('showLine', { number: row.line + 1 })}`}
          onClick={() => onSelect(row)}
          className={classNames(
            'h-5 flex-none text-left text-text-3 hover:text-accent-text',
            look.time === 'seconds' ? 'min-w-[76px] text-right' : 'min-w-[86px]',
          )}
        >
          {time}
        </button>
      )}
      <span className={classNames('w-[38px] flex-none', levelClass[level])}>{levelWords[level]}</span>
      <span
        className={classNames(
          'min-w-0',
          !look.wrap && 'overflow-hidden text-ellipsis',
          row.stderr && row.level < 3 && 'text-text-2',
        )}
      >
        <LogText
          text={level > 0 && !look.expression ? withoutLevel(row.text) : row.text}
          expression={look.expression}
          current={current}
        />
      </span>
    </div>
  );
});

/**
 * The rows in sight, laid over the scrolled content. Without wrapping each has its place by its number;
 * with wrapping they flow from the anchor down, or from the end up while following.
 */
export function LogRows({
  rows,
  start,
  anchor,
  following,
  viewportPx,
  look,
  currentLine,
  selectedLine,
  onSelect,
  layer,
}: {
  rows: readonly LogRow[];
  start: number;
  anchor: number;
  following: boolean;
  viewportPx: number;
  look: RowLook;
  currentLine: number | null;
  selectedLine: number | null;
  onSelect: (row: LogRow) => void;
  layer: RefObject<HTMLDivElement | null>;
}) {
  const shown = rows
    .map((row, index) => ({ row, place: start + index }))
    .filter(({ place }) => place >= Math.floor(anchor) - (following && look.wrap ? 60 : 1))
    .filter(({ place }) => place <= anchor + viewportPx / rowPx + 1);
  return (
    <div ref={layer} className="code sticky top-0 overflow-hidden" style={{ height: viewportPx }}>
      <div className={look.wrap ? classNames('absolute inset-x-0', following ? 'bottom-0' : 'top-0') : ''}>
        {shown.map(({ row, place }) => (
          <Row
            key={row.line}
            row={row}
            topPx={look.wrap ? null : Math.round((place - anchor) * rowPx)}
            current={row.line === currentLine}
            selected={row.line === selectedLine}
            onSelect={onSelect}
            {...look}
          />
        ))}
      </div>
    </div>
  );
}
