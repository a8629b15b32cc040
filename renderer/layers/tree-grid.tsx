import { ChevronRight, Ellipsis, File, FileSymlink, Folder, HardDrive } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EntryMark, TreeEntry } from '../../engine/api/layers.ts';
import { type GridColumn, VirtualGrid } from '../grid/virtual-grid.tsx';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { errorWords } from '../ui/error-words.ts';
import { formatBytes } from '../ui/format.ts';
import type { TreePath } from './tree-path.ts';
import type { TreeRow } from './tree-rows.ts';

export const markSigns: Record<EntryMark, string> = { added: '+', changed: '~', removed: '−', same: '·' };
export const markColours: Record<EntryMark, string> = {
  added: 'text-ok',
  changed: 'text-warn',
  removed: 'text-err',
  same: 'text-text-3',
};

const rowPx = 24;
const indentPx = 16;

function EntryIcon({ entry }: { entry: TreeEntry }) {
  if (entry.type === 'directory')
    return <Folder size={14} className="flex-none text-accent-text" aria-hidden />;
  const Icon =
    entry.type === 'symlink'
      ? FileSymlink
      : ['char', 'block', 'fifo', 'socket'].includes(entry.type)
        ? HardDrive
        : File;
  return <Icon size={14} className="flex-none text-text-3" aria-hidden />;
}

function Twist({ row, onExpand }: { row: TreeRow; onExpand: (expanded: boolean) => void }) {
  if (row.kind !== 'entry' || row.expanded === undefined) return <span className="w-4 flex-none" />;
  const { expanded } = row;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-hidden="true"
      onClick={() => onExpand(!expanded)}
      className="grid size-4 flex-none place-items-center text-text-3"
    >
      <ChevronRight size={12} className={classNames('fade', expanded && 'rotate-90')} />
    </button>
  );
}

function EntryName({ row, showLayer }: { row: TreeRow & { kind: 'entry' }; showLayer: boolean }) {
  const { t } = useTranslation('layers');
  const { entry } = row;
  return (
    <>
      <EntryIcon entry={entry} />
      <span
        className={classNames(
          'truncate',
          entry.mark === 'removed' && 'text-text-3 line-through',
          entry.mark === 'same' && 'text-text-2',
        )}
      >
        {entry.name.text}
      </span>
      {entry.linkTarget !== undefined && (
        <span className="truncate text-small text-text-3">→ {entry.linkTarget}</span>
      )}
      {entry.hiddenBy !== undefined && (
        <Badge tone="warn">{t('hiddenLater', { layer: entry.hiddenBy })}</Badge>
      )}
      {showLayer && entry.type !== 'directory' && (
        <span className="flex-none text-small text-text-3">{t('fromLayer', { layer: entry.layer })}</span>
      )}
    </>
  );
}

export interface TreeGridProps {
  label: string;
  rows: readonly TreeRow[];
  totalBytes: number;
  /** The merged view says from which layer a file comes. */
  showLayer: boolean;
  currentKey: string | undefined;
  onCurrent: (row: TreeRow) => void;
  onExpand: (path: TreePath, expanded: boolean) => void;
  onRest: (parent: TreePath) => void;
  onRetry: (parent: TreePath) => void;
  onPreview: (row: TreeRow & { kind: 'entry' }) => void;
}

/** The tree as rows: mark, name, size, share of the whole. */
export function TreeGrid(props: TreeGridProps) {
  const { t } = useTranslation(['layers', 'common']);
  const { rows, totalBytes } = props;
  const activate = (row: TreeRow) => {
    if (row.kind === 'rest') props.onRest(row.parent);
    else if (row.kind === 'entry' && row.expanded !== undefined) props.onExpand(row.path, !row.expanded);
    else if (row.kind === 'entry') props.onPreview(row);
  };
  const pathCell = (row: TreeRow) => (
    <span className="flex min-w-0 items-center gap-1.5" style={{ paddingLeft: (row.level - 1) * indentPx }}>
      <Twist row={row} onExpand={(expanded) => row.kind === 'entry' && props.onExpand(row.path, expanded)} />
      {row.kind === 'entry' && <EntryName row={row} showLayer={props.showLayer} />}
      {row.kind === 'rest' && (
        <button
          type="button"
          tabIndex={-1}
          onClick={() => props.onRest(row.parent)}
          className="flex items-center gap-1.5 text-text-3 hover:text-accent-text"
        >
          <Ellipsis size={14} aria-hidden />
          {t('rest', { count: row.count })}
        </button>
      )}
      {row.kind === 'loading' && <span className="text-text-3">{t('loading')}</span>}
      {row.kind === 'empty' && <span className="text-text-3">{t('emptyDirectory')}</span>}
      {row.kind === 'error' && (
        <>
          <span className="truncate text-err">{errorWords(row.error).text}</span>
          <Button small className="h-5" onClick={() => props.onRetry(row.parent)}>
            {t('common:retry')}
          </Button>
        </>
      )}
    </span>
  );
  const columns: GridColumn<TreeRow>[] = [
    {
      id: 'mark',
      header: <span className="sr-only">{t('column.mark')}</span>,
      className: 'text-center font-mono font-bold',
      cell: (row) =>
        row.kind === 'entry' && (
          <span className={markColours[row.entry.mark]}>
            <span aria-hidden="true">{markSigns[row.entry.mark]}</span>
            <span className="sr-only">{t(`mark.${row.entry.mark}`)}</span>
          </span>
        ),
    },
    { id: 'path', header: t('column.path'), cell: pathCell },
    {
      id: 'size',
      header: t('column.size'),
      className: 'tabular text-right whitespace-nowrap',
      cell: (row) =>
        (row.kind === 'entry' || row.kind === 'rest') && (
          <span
            className={classNames(
              row.kind === 'entry' && row.entry.mark === 'removed' && 'text-text-3 line-through',
              row.kind === 'entry' && row.entry.mark === 'same' && 'text-text-3',
            )}
          >
            {formatBytes(row.kind === 'entry' ? row.entry.sizeBytes : row.sizeBytes)}
          </span>
        ),
    },
    {
      id: 'share',
      header: t('column.share'),
      className: '@max-[480px]:hidden',
      cell: (row) => {
        if (row.kind !== 'entry' && row.kind !== 'rest') return null;
        const bytes = row.kind === 'entry' ? row.entry.sizeBytes : row.sizeBytes;
        const wasted = row.kind === 'entry' && row.entry.hiddenBy !== undefined;
        return (
          <span aria-hidden="true" className="block h-1 overflow-hidden rounded-full bg-idle-soft">
            <i
              className={classNames('block h-full rounded-full', wasted ? '' : 'bg-accent-text opacity-75')}
              style={{
                width: `${Math.min(1, bytes / Math.max(1, totalBytes)) * 100}%`,
                ...(wasted
                  ? {
                      backgroundImage:
                        'repeating-linear-gradient(135deg, var(--color-warn) 0 3px, transparent 3px 5px)',
                    }
                  : {}),
              }}
            />
          </span>
        );
      },
    },
  ];
  return (
    <VirtualGrid
      label={props.label}
      rows={rows}
      rowId={(row) => row.key}
      rowText={(row) => (row.kind === 'entry' ? row.entry.name.text : '')}
      columns={columns}
      template="gap-2 pl-1 grid-cols-[22px_minmax(0,1fr)_76px_92px] @max-[480px]:grid-cols-[22px_minmax(0,1fr)_72px]"
      rowHeightPx={rowPx}
      tree={(row) => ({
        level: row.level,
        ...(row.kind === 'entry' && row.expanded !== undefined ? { expanded: row.expanded } : {}),
      })}
      onExpand={(row, expanded) => row.kind === 'entry' && props.onExpand(row.path, expanded)}
      currentId={props.currentKey}
      onMove={props.onCurrent}
      onOpen={activate}
      onRowKey={(event, row) => {
        if (event.key !== ' ' || row.kind !== 'entry') return false;
        props.onPreview(row);
        return true;
      }}
    />
  );
}
