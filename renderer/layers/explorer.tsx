import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageLayers, LayerSummary } from '../../engine/api/layers.ts';
import { SelectField } from '../ui/field.tsx';
import { formatBytes } from '../ui/format.ts';
import { layerCommand } from './command.ts';
import { type LayerChoice, type LayerOrder, LayersPane } from './layers-pane.tsx';
import { TreePane, type TreeView } from './tree-pane.tsx';
import { layerTree, mergedTree, writableTree } from './tree-source.ts';
import type { Wasted } from './wasted.ts';
import { SharedPane, WastedPane } from './wasted-pane.tsx';

export interface ExplorerProps {
  /** What the engine calls the image. */
  name: string;
  image: ImageLayers;
  wasted: Wasted;
  wastedError: unknown;
  choice: LayerChoice;
  onChoose: (choice: LayerChoice) => void;
  /** The container whose writable layer stands on top. */
  containerId?: string;
}

/** The layer that an explorer opens with: the largest of the image's own. */
export function firstChoice(image: ImageLayers): number {
  const own = image.layers.filter((layer) => layer.diffId !== null && layer.sharedWith.length === 0);
  const candidates = own.length > 0 ? own : image.layers.filter((layer) => layer.diffId !== null);
  return (
    candidates.reduce<LayerSummary | undefined>(
      (best, layer) => (best && best.sizeBytes >= layer.sizeBytes ? best : layer),
      undefined,
    )?.number ?? 1
  );
}

function treeTotals(image: ImageLayers, choice: LayerChoice, view: TreeView) {
  if (choice === 'writable') return { totalBytes: 0, paths: undefined };
  const layer = image.layers.find(({ number }) => number === choice);
  if (view === 'only')
    return { totalBytes: layer?.sizeBytes ?? 0, paths: layer ? layer.files + layer.directories : undefined };
  const below = image.layers.filter(({ number }) => number <= choice);
  return { totalBytes: below.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), paths: undefined };
}

/** The layers, their files, and what is wasted: what is chosen in one pane is chosen in all. */
export function LayerExplorer({
  name,
  image,
  wasted,
  wastedError,
  choice,
  onChoose,
  containerId,
}: ExplorerProps) {
  const { t } = useTranslation('layers');
  const [view, setView] = useState<TreeView>('only');
  const [order, setOrder] = useState<LayerOrder>('base');
  const [wanted, setWanted] = useState<{ path: string; sourceKey: string }>();
  const [refreshes, setRefreshes] = useState(0);
  const source = useMemo(() => {
    if (choice === 'writable') return writableTree(containerId ?? '');
    return view === 'only' ? layerTree(name, choice) : mergedTree(name, choice);
  }, [name, choice, view, containerId]);
  const layersPane = (
    <LayersPane
      layers={image.layers}
      wasted={wasted}
      selected={choice}
      writable={containerId !== undefined}
      order={order}
      onOrder={setOrder}
      onSelect={onChoose}
    />
  );
  return (
    <div className="@container flex min-h-0 flex-1 flex-col">
      <div className="flex-none pb-2 @min-[720px]:hidden">
        <SelectField
          aria-label={t('select')}
          className="w-full"
          value={String(choice)}
          onChange={(event) =>
            onChoose(event.target.value === 'writable' ? 'writable' : Number(event.target.value))
          }
        >
          {containerId !== undefined && <option value="writable">{t('writable')}</option>}
          {image.layers.map((layer) => {
            const { keyword, text } = layerCommand(layer.command);
            return (
              <option key={layer.number} value={layer.number}>
                {`${layer.number} · ${formatBytes(layer.sizeBytes)} · ${keyword} ${text}`.slice(0, 90)}
              </option>
            );
          })}
        </SelectField>
      </div>
      <div className="grid min-h-0 flex-1 grid-cols-1 grid-rows-1 gap-2 @min-[720px]:grid-cols-[260px_minmax(0,1fr)] @min-[1020px]:grid-cols-[318px_minmax(0,1fr)_312px]">
        <div className="hidden min-h-0 @min-[720px]:block">{layersPane}</div>
        <div className="min-h-0 min-w-0">
          <TreePane
            source={source}
            choice={choice}
            view={view}
            onView={setView}
            {...treeTotals(image, choice, view)}
            wanted={wanted}
            refreshes={refreshes}
            onRefresh={() => setRefreshes((count) => count + 1)}
          />
        </div>
        <div className="hidden min-h-0 flex-col gap-2 @min-[1020px]:flex">
          <WastedPane
            wasted={wasted}
            error={wastedError}
            onSelect={(entry) => {
              setView('only');
              onChoose(entry.addedIn);
              setWanted({ path: entry.path.text, sourceKey: layerTree(name, entry.addedIn).key });
            }}
          />
          <SharedPane image={image} onSelect={onChoose} />
        </div>
      </div>
    </div>
  );
}
