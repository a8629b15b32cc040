import { type KeyboardEvent, Suspense, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keepExisting, noSelection } from '../../grid/selection.ts';
import { VirtualGrid } from '../../grid/virtual-grid.tsx';
import { go, pathOf, setQuery, useLocation } from '../../router/location.ts';
import { type ContainerView, groupsOf, isUp } from '../../stores/container-state.ts';
import { act, useContainers } from '../../stores/containers.ts';
import { changePreferences, rowHeightPx, toggled, usePreferences } from '../../stores/preferences.ts';
import { useRemovals } from '../../stores/removals.ts';
import { lazyPart } from '../../ui/lazy-part.tsx';
import { reportFailure } from '../../ui/report.ts';
import { BulkBar } from './bulk-bar.tsx';
import { template, useColumns } from './columns.tsx';
import { type Chip, chips, countChips, matches, parseFilter } from './filter.ts';
import { GroupRow } from './group-row.tsx';
import { ListHeader } from './list-header.tsx';
import { ListState } from './list-state.tsx';
import { Refusals } from './refusals.tsx';
import { makeRows, type Row, rowId, rowText } from './rows.ts';
import { useStateWord } from './state-cell.tsx';
import { useRemoval } from './use-removal.tsx';

const RunDialog = lazyPart(() => import('./run/run-dialog.tsx').then((module) => module.default), {
  soon: true,
});

/** Opens a container's detail, keeping the list's filter. */
function open(view: ContainerView, options: { full?: boolean; replace?: boolean } = {}): void {
  const query = new URLSearchParams(location.search);
  query.delete('run');
  if (options.full) query.set('full', '');
  const text = query.toString().replace(/=(?=&|$)/g, '');
  const tab = location.pathname.split('/')[3];
  const path = tab ? pathOf('containers', view.id, tab) : pathOf('containers', view.id);
  go(path + (text && `?${text}`), { replace: options.replace ?? false });
}

function useVisible(filterText: string, show: Chip) {
  const byId = useContainers((state) => state.byId);
  const hidden = useRemovals((state) => state.hidden);
  const stateWord = useStateWord();
  const present = useMemo(() => [...byId.values()].filter((view) => !hidden.has(view.id)), [byId, hidden]);
  const filter = parseFilter(filterText);
  const views = present.filter(
    (view) => (show === 'all' || groupsOf(view).includes(show)) && matches(filter, view, stateWord(view)),
  );
  return { views, counts: countChips(present), byId };
}

/** The list of containers, and the dialogs that belong to it. */
export default function Containers({ openId }: { openId: string | undefined }) {
  const { t } = useTranslation('containers');
  const filterText = useLocation(({ query }) => query.get('q') ?? '');
  const show = useLocation(({ query }) => chips.find((chip) => chip === query.get('show')) ?? 'all');
  const run = useLocation(({ query }) => query.get('run'));
  const preferences = usePreferences();
  const { views, counts, byId } = useVisible(filterText, show);
  const rows = makeRows(views, preferences);
  const [chosen, setSelection] = useState(noSelection);
  const selection = keepExisting(chosen, rows.map(rowId));
  const selected = [...selection.ids].flatMap((id) => byId.get(id) ?? []);
  const { remove, dialog } = useRemoval(openId);
  const columns = useColumns((view) => remove([view]));
  const card = useRef<HTMLElement>(null);
  const fold = (row: Row) =>
    row.kind === 'group' &&
    reportFailure(changePreferences({ folded: toggled(preferences.folded, row.key) }));
  const onRowKey = (event: KeyboardEvent, row: Row): boolean => {
    if (event.key === 'Escape' && selection.ids.size > 0) setSelection(noSelection);
    else if (event.key === 'Escape' && openId !== undefined) go('/containers');
    else if (row.kind === 'group') {
      if (event.key !== 'Enter' && event.key !== ' ') return false;
      fold(row);
    } else if (event.key === ' ' && !event.ctrlKey && !event.metaKey)
      void act(row.view.id, isUp(row.view) ? 'stop' : 'start');
    else if (event.key === 'Delete' || event.key === 'Backspace')
      remove(selected.length > 0 ? selected : [row.view]);
    else return false;
    return true;
  };
  const grouped = rows.some((row) => row.kind === 'group');
  return (
    <section ref={card} className="card @container flex-1" aria-label={t('listLabel')}>
      <ListHeader
        filter={filterText}
        show={show}
        counts={counts}
        onRun={() => setQuery({ run: '' })}
        onLeaveFilter={() => card.current?.querySelector<HTMLElement>('[role=row][tabindex="0"]')?.focus()}
      />
      {rows.length === 0 ? (
        <ListState filter={filterText} show={show} onRun={() => setQuery({ run: '' })} />
      ) : (
        <VirtualGrid
          label={t('listLabel')}
          rows={rows}
          rowId={rowId}
          rowText={rowText}
          columns={columns}
          template={template}
          rowHeightPx={rowHeightPx[preferences.density]}
          wholeRow={(row) =>
            row.kind === 'group' ? <GroupRow row={row} onFold={() => fold(row)} /> : undefined
          }
          {...(grouped
            ? {
                tree: (row: Row) =>
                  row.kind === 'group' ? { level: 1, expanded: !row.folded } : { level: row.level },
              }
            : {})}
          onExpand={fold}
          selection={selection}
          onSelect={setSelection}
          selectable={(row) => row.kind === 'container'}
          currentId={openId}
          onMove={(row, byKey) => {
            if (row.kind === 'container' && (!byKey || openId !== undefined))
              open(row.view, { replace: byKey });
          }}
          onOpen={(row) => row.kind === 'container' && open(row.view, { full: openId === row.view.id })}
          onRowKey={onRowKey}
        />
      )}
      <Refusals />
      {selected.length > 0 && (
        <BulkBar
          views={selected}
          onRemove={() => remove(selected)}
          onClear={() => setSelection(noSelection)}
        />
      )}
      {dialog}
      {run !== null && (
        <Suspense fallback={null}>
          <RunDialog image={run} onClose={() => setQuery({ run: null }, { replace: true })} />
        </Suspense>
      )}
    </section>
  );
}
