import { ArrowDownUp, RefreshCw, Search, X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { EntryMark } from '../../engine/api/layers.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { SearchField, Segmented } from '../ui/field.tsx';
import { formatBytes } from '../ui/format.ts';
import { Keys } from '../ui/keys.tsx';
import { Menu, MenuChoice } from '../ui/menu.tsx';
import { FilePreview, type PreviewedFile } from './file-preview.tsx';
import { FindResults } from './find-results.tsx';
import type { LayerChoice } from './layers-pane.tsx';
import { markColours, markSigns, TreeGrid } from './tree-grid.tsx';
import { type TreeRow, treeRows } from './tree-rows.ts';
import type { TreeSort, TreeSource } from './tree-source.ts';
import { useTree } from './use-tree.ts';

const marks: readonly EntryMark[] = ['added', 'changed', 'removed', 'same'];

/** A layer alone starts with what it did; the whole file system with everything. */
const startMarks = (merged: boolean): ReadonlySet<EntryMark> =>
  new Set(merged ? marks : (['added', 'changed', 'removed'] as const));

export type TreeView = 'only' | 'upto';

export interface TreePaneProps {
  source: TreeSource;
  choice: LayerChoice;
  view: TreeView;
  onView: (view: TreeView) => void;
  /** What shares are taken of: the layer's bytes, or the image's up to it. */
  totalBytes: number;
  /** Entries in the whole tree, where the engine says so. */
  paths: number | undefined;
  /** A path to unfold to, in the tree that it is meant for; each new object is a new wish. */
  wanted: { path: string; sourceKey: string } | undefined;
  /** Counts up when a live tree should be read anew. */
  refreshes: number;
  onRefresh: () => void;
}

function MarkToggles({
  shown,
  onChange,
}: {
  shown: ReadonlySet<EntryMark>;
  onChange: (shown: ReadonlySet<EntryMark>) => void;
}) {
  const { t } = useTranslation('layers');
  return (
    <fieldset className="flex flex-wrap gap-0.5">
      <legend className="sr-only">{t('marks.label')}</legend>
      {marks.map((mark) => {
        const on = shown.has(mark);
        return (
          <button
            key={mark}
            type="button"
            aria-pressed={on}
            onClick={() => {
              const next = new Set(shown);
              if (!next.delete(mark)) next.add(mark);
              onChange(next);
            }}
            className={classNames(
              'fade flex h-6 items-center gap-1.5 rounded-control px-1.5 text-small',
              on ? 'bg-idle-soft text-text' : 'text-text-3 hover:bg-hover',
            )}
          >
            <b aria-hidden="true" className={classNames('font-mono', markColours[mark])}>
              {markSigns[mark]}
            </b>
            {t(`marks.${mark}`)}
          </button>
        );
      })}
    </fieldset>
  );
}

/** Words for a tree without any rows. */
function Empty({ choice, filtered }: { choice: LayerChoice; filtered: boolean }) {
  const { t } = useTranslation('layers');
  if (filtered) return <EmptyState title={t('nothingMarked')} />;
  return choice === 'writable' ? (
    <EmptyState title={t('emptyWritable')} hint={t('emptyWritableHint')} />
  ) : (
    <EmptyState title={t('emptyTree')} hint={t('emptyTreeHint')} />
  );
}

/** The files of a layer, or of everything up to it, with search, marks and preview. */
export function TreePane(props: TreePaneProps) {
  const { source, choice, view, totalBytes, wanted, refreshes } = props;
  const { t } = useTranslation(['layers', 'common']);
  const writable = choice === 'writable';
  const merged = !writable && view === 'upto';
  const [shownMarks, setShownMarks] = useState(() => startMarks(merged));
  const [markedFor, setMarkedFor] = useState(merged);
  if (markedFor !== merged) {
    setMarkedFor(merged);
    setShownMarks(startMarks(merged));
  }
  const [sort, setSort] = useState<TreeSort>('size');
  const [find, setFind] = useState('');
  const [current, setCurrent] = useState<string>();
  const [preview, setPreview] = useState<(PreviewedFile & { of: string }) | null>(null);
  const tree = useTree(source, sort);
  const { reveal, reload } = tree;
  useEffect(() => {
    if (wanted?.sourceKey !== source.key) return;
    setFind('');
    setCurrent(wanted.path);
    void reveal(wanted.path);
  }, [wanted, reveal, source]);
  useEffect(() => {
    if (refreshes > 0) void reload();
  }, [refreshes, reload]);
  const root = tree.state.directories.get('/');
  const rows = useMemo(
    () =>
      treeRows(tree.state, {
        marks: shownMarks,
        totalBytes: Math.max(totalBytes, 1),
        foldSmall: sort === 'size',
      }),
    [tree.state, shownMarks, totalBytes, sort],
  );
  const onCurrent = (row: TreeRow) => {
    setCurrent(row.key);
    if (preview && row.kind === 'entry' && row.entry.type !== 'directory') onPreview(row);
  };
  const onPreview = (row: TreeRow & { kind: 'entry' }) =>
    setPreview({ path: row.path, entry: row.entry, of: source.key });
  const label = writable ? t('treeWritable') : t(merged ? 'treeUpto' : 'tree', { number: choice });
  const isEmpty =
    root !== undefined && !root.loading && root.error === null && rows.every((row) => row.kind === 'empty');
  return (
    <section aria-label={label} className="card @container h-full">
      <div className="flex min-h-[42px] flex-none flex-wrap items-center justify-between gap-x-2 gap-y-1 px-3 py-1.5">
        {writable ? (
          <h2 className="flex items-center gap-1.5">
            {t('writable')}
            <IconButton small label={t('refresh')} icon={<RefreshCw size={13} />} onClick={props.onRefresh} />
          </h2>
        ) : (
          <Segmented
            label={t('view')}
            value={view}
            options={[
              { value: 'only', label: t('only', { number: choice }) },
              { value: 'upto', label: t('upto', { number: choice }) },
            ]}
            onChange={props.onView}
          />
        )}
        <MarkToggles shown={shownMarks} onChange={setShownMarks} />
      </div>
      <div className="flex flex-none gap-1.5 px-3 pb-2">
        <SearchField
          data-filter
          icon={<Search size={14} />}
          aria-label={t('find')}
          placeholder={t('findHint')}
          value={find}
          className="flex-1 pr-1"
          onChange={(event) => setFind(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || find === '') return;
            event.stopPropagation();
            setFind('');
          }}
          after={
            find === '' ? (
              <Keys keys="/" />
            ) : (
              <IconButton small label={t('closeFind')} icon={<X size={13} />} onClick={() => setFind('')} />
            )
          }
        />
        <Menu
          trigger={
            <Button>
              {t(`sort.${sort}`)}
              <ArrowDownUp size={12} />
            </Button>
          }
        >
          <MenuChoice
            label={t('sort.label')}
            value={sort}
            options={(['size', 'name'] as const).map((value) => ({ value, label: t(`sort.${value}`) }))}
            onChange={setSort}
          />
        </Menu>
      </div>
      {find.trim() !== '' ? (
        <FindResults
          source={source}
          text={find}
          totalBytes={totalBytes}
          showLayer={merged}
          currentKey={current}
          onCurrent={onCurrent}
          onPreview={onPreview}
        />
      ) : isEmpty ? (
        <Empty choice={choice} filtered={(root?.total ?? 0) > 0} />
      ) : (
        <TreeGrid
          label={label}
          rows={rows}
          totalBytes={totalBytes}
          showLayer={merged}
          currentKey={current}
          onCurrent={onCurrent}
          onExpand={(path, expanded) => void tree.expand(path, expanded)}
          onRest={tree.showRest}
          onRetry={(path) => void tree.retry(path)}
          onPreview={onPreview}
        />
      )}
      {preview && preview.of === source.key && (
        <FilePreview source={source} file={preview} onClose={() => setPreview(null)} />
      )}
      <footer className="flex flex-none items-center gap-3 border-t border-line py-1 pr-3 pl-3.5 text-small text-text-2">
        <span className="tabular">
          {props.paths !== undefined && `${t('paths', { count: props.paths })} · `}
          {formatBytes(totalBytes)}
        </span>
        <span className="flex-1" />
        <span className="flex items-center gap-1.5">
          <Keys keys={t('previewKeys')} />
          {t('preview')}
        </span>
      </footer>
    </section>
  );
}
