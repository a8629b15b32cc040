import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageLayers } from '../../../engine/api/layers.ts';
import { type GridColumn, VirtualGrid } from '../../grid/virtual-grid.tsx';
import { go, pathOf } from '../../router/location.ts';
import { formatBytes } from '../../ui/format.ts';
import { useNow } from '../../ui/use-now.ts';
import { AgeCell, FoldCell, NameCell, SizeCell, UsersCell } from './image-cells.tsx';
import { ImageUse } from './image-use.tsx';
import type { ImageView } from './rows.ts';

interface ListRow {
  view: ImageView;
  /** The panel under the image's own row. */
  panel: boolean;
}

const rowPx = 32;
const panelPx = 168;
const template =
  'gap-2 pl-1.5 grid-cols-[22px_minmax(150px,1fr)_136px_80px_132px_64px] @max-[740px]:grid-cols-[22px_minmax(120px,1fr)_72px_76px_124px_60px]';

/** The list of images; a row unfolds to who uses it and what it shares. */
export function ImageList({
  views,
  layers,
  onRemove,
}: {
  views: readonly ImageView[];
  layers: ReadonlyMap<string, ImageLayers>;
  onRemove: (view: ImageView) => void;
}) {
  const { t } = useTranslation('images');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const now = useNow(30_000);
  const largest = Math.max(0, ...views.map((view) => view.sizeBytes));
  const expand = (id: string, expanded: boolean) =>
    setOpen((before) => {
      const next = new Set(before);
      if (expanded) next.add(id);
      else next.delete(id);
      return next;
    });
  const rows = useMemo(
    () =>
      views.flatMap((view): ListRow[] => [
        { view, panel: false },
        ...(open.has(view.id) ? [{ view, panel: true }] : []),
      ]),
    [views, open],
  );
  const columns: GridColumn<ListRow>[] = [
    {
      id: 'expand',
      header: <span className="sr-only">{t('column.expand')}</span>,
      cell: ({ view }) => (
        <FoldCell
          view={view}
          expanded={open.has(view.id)}
          onExpand={(expanded) => expand(view.id, expanded)}
        />
      ),
    },
    { id: 'name', header: t('column.name'), cell: ({ view }) => <NameCell view={view} /> },
    {
      id: 'size',
      header: t('column.size'),
      className: 'text-right',
      cell: ({ view }) => <SizeCell view={view} largest={largest} />,
    },
    {
      id: 'only',
      header: t('column.onlyHere'),
      className: 'tabular text-right whitespace-nowrap',
      cell: ({ view }) => (view.uniqueBytes === undefined ? '–' : formatBytes(view.uniqueBytes)),
    },
    {
      id: 'users',
      header: <span className="pl-3">{t('column.usedBy')}</span>,
      cell: ({ view }) => <UsersCell view={view} />,
    },
    {
      id: 'created',
      header: t('column.created'),
      className: 'text-right',
      cell: ({ view }) => <AgeCell view={view} now={now} />,
    },
  ];
  return (
    <VirtualGrid
      label={t('listLabel')}
      rows={rows}
      rowId={({ view, panel }) => (panel ? `${view.id} use` : view.id)}
      rowText={({ view }) => view.name}
      columns={columns}
      template={template}
      rowHeightPx={({ panel }) => (panel ? panelPx : rowPx)}
      wholeRow={({ view, panel }) =>
        panel ? (
          <ImageUse view={view} layers={layers.get(view.id)} onRemove={() => onRemove(view)} />
        ) : undefined
      }
      tree={({ view, panel }) => (panel ? { level: 2 } : { level: 1, expanded: open.has(view.id) })}
      onExpand={({ view }, expanded) => expand(view.id, expanded)}
      onMove={({ view, panel }, byKey) => {
        if (!byKey && !panel) expand(view.id, !open.has(view.id));
      }}
      onOpen={({ view }) => go(pathOf('images', view.reference, 'layers'))}
      onRowKey={(event, { view }) => {
        if (event.key !== 'Backspace' && event.key !== 'Delete') return false;
        onRemove(view);
        return true;
      }}
      rowClassName={({ panel }) => (panel ? 'hover:bg-transparent' : undefined)}
    />
  );
}
