import { ArrowDownUp, Box, EyeOff, Share2 } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { LayerSummary } from '../../engine/api/layers.ts';
import { Button } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { formatBytes, formatNumber } from '../ui/format.ts';
import { Menu, MenuChoice } from '../ui/menu.tsx';
import { layerCommand } from './command.ts';
import type { Wasted } from './wasted.ts';

/** Which layer is chosen; the writable one has no number. */
export type LayerChoice = number | 'writable';

export type LayerOrder = 'base' | 'top' | 'size';
const orders: readonly LayerOrder[] = ['base', 'top', 'size'];

function ordered(layers: readonly LayerSummary[], order: LayerOrder): LayerSummary[] {
  if (order === 'base') return [...layers];
  if (order === 'top') return [...layers].reverse();
  return [...layers].sort((a, b) => b.sizeBytes - a.sizeBytes);
}

function Item({
  id,
  selected,
  onSelect,
  number,
  children,
}: {
  id: string;
  selected: boolean;
  onSelect: () => void;
  number: ReactNode;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled at the list
    <div
      role="option"
      id={id}
      data-layer={id}
      aria-selected={selected}
      tabIndex={selected ? 0 : -1}
      onClick={onSelect}
      className={classNames(
        'grid grid-cols-[22px_minmax(0,1fr)_76px] items-start gap-x-1.5 gap-y-0.5 rounded-[7px] p-2 py-[7px]',
        selected ? 'bg-selected shadow-[inset_2px_0_0_var(--color-accent-text)]' : 'hover:bg-hover',
      )}
    >
      <span className="tabular text-small leading-[18px] text-text-3">{number}</span>
      {children}
    </div>
  );
}

function Sub({ warn = false, children }: { warn?: boolean; children: ReactNode }) {
  return (
    <span
      className={classNames(
        'col-span-2 col-start-2 flex items-center gap-1.5 text-small',
        warn ? 'text-warn' : 'text-text-3',
      )}
    >
      {children}
    </span>
  );
}

function Counts({ layer }: { layer: LayerSummary }) {
  const { t } = useTranslation('layers');
  return (
    <Sub>
      {layer.added > 0 && <span className="tabular text-ok">+{formatNumber(layer.added)}</span>}
      {layer.changed > 0 && <span className="tabular text-warn">~{formatNumber(layer.changed)}</span>}
      {layer.removed > 0 && <span className="tabular text-err">−{formatNumber(layer.removed)}</span>}
      <span>{t('files')}</span>
    </Sub>
  );
}

function Layer({
  layer,
  largest,
  wasted,
  selected,
  onSelect,
}: {
  layer: LayerSummary;
  largest: number;
  wasted: Wasted;
  selected: boolean;
  onSelect: () => void;
}) {
  const { t } = useTranslation('layers');
  const { keyword, text } = layerCommand(layer.command);
  const hides = wasted.entries.filter((entry) => entry.hiddenIn === layer.number);
  const from = [...new Set(hides.map((entry) => entry.addedIn))].sort((a, b) => a - b);
  return (
    <Item id={`layer-${layer.number}`} selected={selected} onSelect={onSelect} number={layer.number}>
      <span className="line-clamp-2 min-w-0 leading-[18px] break-words" title={text}>
        {keyword && <span className="code font-semibold text-accent-text">{keyword} </span>}
        <span className={classNames('code', !text && 'text-text-3')}>{text || t('noCommand')}</span>
      </span>
      <span className="flex flex-col gap-[3px] text-right text-small">
        <span className={classNames('tabular', layer.sizeBytes === 0 && 'text-text-3')}>
          {formatBytes(layer.sizeBytes)}
        </span>
        <span aria-hidden="true" className="h-1 overflow-hidden rounded-full bg-idle-soft">
          <i
            className="block h-full rounded-full bg-accent-text opacity-75"
            style={{ width: `${(layer.sizeBytes / Math.max(1, largest)) * 100}%` }}
          />
        </span>
      </span>
      {selected && layer.diffId !== null && layer.added + layer.changed + layer.removed > 0 && (
        <Counts layer={layer} />
      )}
      {layer.sharedWith.length > 0 && (
        <Sub>
          <Share2 size={12} aria-hidden />
          {t('sharedWith', { count: layer.sharedWith.length })}
        </Sub>
      )}
      {hides.length > 0 && (
        <Sub warn>
          <EyeOff size={12} aria-hidden />
          {t('hides', {
            size: formatBytes(hides.reduce((sum, entry) => sum + entry.sizeBytes, 0)),
            layers: from.join(', '),
          })}
        </Sub>
      )}
    </Item>
  );
}

/** The list of layers; in a container's view the writable layer stands on top of it. */
export function LayersPane({
  layers,
  wasted,
  selected,
  writable,
  order,
  onOrder,
  onSelect,
}: {
  layers: readonly LayerSummary[];
  wasted: Wasted;
  selected: LayerChoice;
  writable: boolean;
  order: LayerOrder;
  onOrder: (order: LayerOrder) => void;
  onSelect: (choice: LayerChoice) => void;
}) {
  const { t } = useTranslation('layers');
  const list = useRef<HTMLDivElement>(null);
  const shown = ordered(layers, order);
  const largest = Math.max(0, ...layers.map((layer) => layer.sizeBytes));
  const choices: LayerChoice[] = [
    ...(writable ? (['writable'] as const) : []),
    ...shown.map(({ number }) => number),
  ];
  const onKeyDown = (event: KeyboardEvent) => {
    const at = choices.indexOf(selected);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: choices.length - 1,
    };
    const step = steps[event.key];
    const next = step === undefined ? undefined : choices[Math.max(0, Math.min(choices.length - 1, step))];
    if (next === undefined) return;
    event.preventDefault();
    onSelect(next);
    list.current?.querySelector<HTMLElement>(`[data-layer="layer-${next}"]`)?.focus();
  };
  return (
    <section aria-label={t('layers')} className="card h-full">
      <header className="flex min-h-[42px] flex-none items-center gap-2 px-3 py-1.5">
        <h2>{t('layers')}</h2>
        <span className="tabular text-text-3">{layers.length}</span>
        <span className="flex-1" />
        <Menu
          trigger={
            <Button small look="quiet">
              {t(`order.${order}`)}
              <ArrowDownUp size={12} />
            </Button>
          }
        >
          <MenuChoice
            label={t('order.label')}
            value={order}
            options={orders.map((value) => ({ value, label: t(`order.${value}`) }))}
            onChange={onOrder}
          />
        </Menu>
      </header>
      <div
        ref={list}
        role="listbox"
        aria-label={t('layers')}
        className="flex min-h-0 flex-1 flex-col gap-px overflow-y-auto px-1.5 pb-1.5"
        onKeyDown={onKeyDown}
      >
        {writable && (
          <Item
            id="layer-writable"
            selected={selected === 'writable'}
            onSelect={() => onSelect('writable')}
            number={<Box size={14} className="mt-0.5 text-accent-text" />}
          >
            <span className="font-medium">{t('writable')}</span>
            <span />
            <Sub>{t('writableHint')}</Sub>
          </Item>
        )}
        {shown.map((layer) => (
          <Layer
            key={layer.number}
            layer={layer}
            largest={largest}
            wasted={wasted}
            selected={selected === layer.number}
            onSelect={() => onSelect(layer.number)}
          />
        ))}
      </div>
    </section>
  );
}
