import { ChevronDown, ChevronUp, Pin } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { GridColumn } from '../../grid/virtual-grid.tsx';
import { type ContainerView, isUp } from '../../stores/container-state.ts';
import { changePreferences, type Preferences, usePreferences } from '../../stores/preferences.ts';
import { useClockText } from '../../ui/clock.ts';
import { formatSpan } from '../../ui/format.ts';
import { reportFailure } from '../../ui/report.ts';
import { RowActions } from './row-actions.tsx';
import type { Row } from './rows.ts';
import { RowIcon, StateCell } from './state-cell.tsx';

/** State, name (with image behind it, or beside it where there is room), state word, ports, age or actions. */
export const template =
  'gap-1.5 grid-cols-[30px_minmax(120px,1.2fr)_minmax(120px,1fr)_104px_minmax(72px,0.5fr)_72px] ' +
  '@max-[760px]:grid-cols-[30px_minmax(120px,1fr)_96px_76px_72px] ' +
  '@max-[470px]:grid-cols-[28px_minmax(106px,1fr)_88px_56px_60px] @max-[470px]:gap-1';

type ContainerRow = Extract<Row, { kind: 'container' }>;

function NameCell({ row }: { row: ContainerRow }) {
  return (
    <span className="flex min-w-0 items-baseline gap-2">
      <span className="flex-none truncate @max-[470px]:flex-auto">{row.view.name}</span>
      {row.pinned && <Pin size={11} className="flex-none self-center text-text-3" aria-hidden />}
      <span className="code hidden min-w-0 truncate text-[11px] text-text-3 @max-[760px]:block @max-[575px]:hidden">
        {row.view.image}
      </span>
    </span>
  );
}

function PortsCell({ view }: { view: ContainerView }) {
  const { t } = useTranslation('containers');
  if (view.ports.length === 0) return <span className="text-text-3">–</span>;
  return (
    <span className="code block truncate">
      {view.ports.map(({ port, protocol }, index) => (
        <span key={`${port}/${protocol}`}>
          {index > 0 && ' '}
          {protocol === 'tcp' && isUp(view) ? (
            <a
              href={`http://localhost:${port}`}
              target="_blank"
              rel="noreferrer"
              tabIndex={-1}
              aria-label={t('openPort', { port })}
              className="hover:underline"
            >
              :{port}
            </a>
          ) : (
            <span className="text-text-2">
              :{port}
              {protocol !== 'tcp' && `/${protocol}`}
            </span>
          )}
        </span>
      ))}
    </span>
  );
}

function SinceCell({ view }: { view: ContainerView }) {
  const { t } = useTranslation();
  const text = useClockText((nowMs) => {
    if (!view.since) return '–';
    const duration = formatSpan(nowMs - view.since.atMs);
    return isUp(view) ? duration : t('time.ago', { duration });
  });
  return <span className="tabular truncate text-small text-text-2">{text}</span>;
}

function SortHeader({ column, label }: { column: Preferences['sort']['column']; label: string }) {
  const sort = usePreferences((preferences) => preferences.sort);
  const active = sort.column === column;
  const Arrow = sort.descending ? ChevronDown : ChevronUp;
  return (
    <button
      type="button"
      className="flex items-center gap-0.5 hover:text-text"
      onClick={() =>
        reportFailure(changePreferences({ sort: { column, descending: active ? !sort.descending : false } }))
      }
    >
      {label}
      {active && <Arrow size={11} aria-hidden />}
    </button>
  );
}

/** Group rows span all columns, so cells are only asked for containers. */
const only = (row: Row): ContainerRow => row as ContainerRow;

export function useColumns(onRemove: (view: ContainerView) => void): GridColumn<Row>[] {
  const { t } = useTranslation('containers');
  return [
    {
      id: 'shape',
      header: <span className="sr-only">{t('column.state')}</span>,
      cell: (row) => <RowIcon view={only(row).view} />,
    },
    {
      id: 'name',
      header: <SortHeader column="name" label={t('column.name')} />,
      cell: (row) => <NameCell row={only(row)} />,
    },
    {
      id: 'image',
      header: t('column.image'),
      className: '@max-[760px]:hidden',
      cell: (row) => <span className="code block truncate text-text-2">{only(row).view.image}</span>,
    },
    {
      id: 'state',
      header: <SortHeader column="state" label={t('column.state')} />,
      className: 'flex text-small',
      cell: (row) => <StateCell view={only(row).view} />,
    },
    { id: 'ports', header: t('column.ports'), cell: (row) => <PortsCell view={only(row).view} /> },
    {
      id: 'since',
      header: <SortHeader column="since" label={t('column.since')} />,
      className: 'flex justify-end',
      cell: (row) => (
        <>
          <span className="group-focus-within/row:hidden group-hover/row:hidden">
            <SinceCell view={only(row).view} />
          </span>
          <span className="-mr-2 hidden group-focus-within/row:block group-hover/row:block">
            <RowActions view={only(row).view} onRemove={onRemove} />
          </span>
        </>
      ),
    },
  ];
}
