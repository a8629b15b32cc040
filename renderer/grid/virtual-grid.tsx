// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot hold virtual rows
// biome-ignore-all lint/a11y/useFocusableInteractive: rows take the focus, cells are read
// biome-ignore-all lint/a11y/useKeyWithClickEvents: keys are handled at the grid
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { classNames } from '../ui/class-names.ts';
import { hasMod } from '../ui/keys.tsx';
import { noSelection, type Selection, selectOne, selectRange, toggleOne } from './selection.ts';
import { TypeAhead } from './type-ahead.ts';

export interface GridColumn<Row> {
  id: string;
  /** The heading; a node may carry a sort button. */
  header: ReactNode;
  className?: string;
  cell: (row: Row) => ReactNode;
}

export interface GridProps<Row> {
  /** Names the list for readers. */
  label: string;
  rows: readonly Row[];
  rowId: (row: Row) => string;
  /** What type-ahead looks at. */
  rowText: (row: Row) => string;
  columns: readonly GridColumn<Row>[];
  /** Tailwind classes with the grid template of header and rows; container queries may change it. */
  template: string;
  rowHeightPx?: number | ((row: Row) => number);
  /** A row across all columns, such as a group's heading; undefined for ordinary rows. */
  wholeRow?: (row: Row) => ReactNode;
  /** Level and fold of a tree's row; the grid becomes a treegrid when given. */
  tree?: (row: Row) => { level: number; expanded?: boolean };
  onExpand?: (row: Row, expanded: boolean) => void;
  selection?: Selection;
  onSelect?: (selection: Selection) => void;
  /** Rows that can be selected; all by default. */
  selectable?: (row: Row) => boolean;
  /** The row that is open beside the list. */
  currentId?: string | undefined;
  /** A click or a plain arrow moved to this row. `byKey` tells arrows from clicks. */
  onMove?: (row: Row, byKey: boolean) => void;
  /** Enter or double click. */
  onOpen?: (row: Row) => void;
  /** Other keys on a row; return true when handled. */
  onRowKey?: (event: KeyboardEvent, row: Row) => boolean;
  rowClassName?: (row: Row) => string | undefined;
  /** Rows this far outside stay mounted; large for short lists under test. */
  overscan?: number;
}

const focusable = 'a[href], button:not(:disabled), input, [tabindex="-1"][data-cell-focus]';

/**
 * Every list, table and tree: virtual rows, one tab stop with roving focus, arrows, Home, End, Page keys,
 * Shift and Ctrl/⌘ selection, type-ahead, and the counts that readers need where most rows are not mounted.
 */
export function VirtualGrid<Row>(props: GridProps<Row>) {
  const { rows, rowId, columns, template, tree, currentId, overscan = 8 } = props;
  const selection = props.selection ?? noSelection;
  const scroller = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState<string>();
  const [typeAhead] = useState(() => new TypeAhead());
  const gridId = useId();
  const focusWanted = useRef(false);

  const found = rows.findIndex((row) => rowId(row) === (activeId ?? currentId));
  // After a removal focus goes to the row that took the place.
  const lastActive = useRef(0);
  const active = found >= 0 ? found : Math.min(lastActive.current, rows.length - 1);
  useEffect(() => {
    lastActive.current = Math.max(0, active);
  }, [active]);

  const height = props.rowHeightPx ?? 32;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (typeof height === 'number' ? height : height(rows[index] as Row)),
    getItemKey: (index) => rowId(rows[index] as Row),
    overscan,
    // The focused row stays mounted, or focus would be lost by scrolling.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      return active < 0 || indexes.includes(active) ? indexes : [...indexes, active].sort((a, b) => a - b);
    },
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes are cached until told
  useLayoutEffect(() => virtualizer.measure(), [height, rows]);

  const rowElement = (index: number) =>
    scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);

  useEffect(() => {
    if (!focusWanted.current) return;
    focusWanted.current = false;
    rowElement(active)?.focus({ preventScroll: true });
  });

  // A row that vanished under the focus hands it to the next one.
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    if (hadFocus.current && document.activeElement === document.body) rowElement(active)?.focus();
  });

  const selectableIds = () => rows.filter((row) => props.selectable?.(row) ?? true).map((row) => rowId(row));

  const moveTo = (index: number, event: KeyboardEvent) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    const id = rowId(row);
    setActiveId(id);
    focusWanted.current = true;
    virtualizer.scrollToIndex(rows.indexOf(row), { align: 'auto' });
    if (event.shiftKey) props.onSelect?.(selectRange(startSelection(), selectableIds(), id));
    else if (!hasMod(event)) {
      if (selection.ids.size > 0) props.onSelect?.(noSelection);
      props.onMove?.(row, true);
    }
  };

  /** Shift from nothing selected starts at the row where focus was. */
  const startSelection = (): Selection => {
    const row = rows[active];
    return selection.anchor !== undefined || !row ? selection : selectOne(rowId(row));
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const row = rows[active];
    if (!row || event.nativeEvent.isComposing) return;
    const onRow = (event.target as HTMLElement).dataset.index !== undefined;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / 32) - 1);
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: active + page,
      PageUp: active - page,
    };
    const step = steps[event.key];
    const handled = ((): boolean => {
      if (step !== undefined && !event.altKey) {
        moveTo(step, event);
        return true;
      }
      if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') return moveWithin(event, row);
      if (!onRow) return false;
      if (props.onRowKey?.(event, row)) return true;
      if (event.key === 'Enter') {
        props.onOpen?.(row);
        return true;
      }
      if (event.key === ' ' && hasMod(event)) {
        props.onSelect?.(toggleOne(selection, rowId(row)));
        return true;
      }
      if (hasMod(event) && event.key.toLowerCase() === 'a' && props.onSelect) {
        props.onSelect({ ids: new Set(selectableIds()), anchor: undefined });
        return true;
      }
      if (event.key.length === 1 && /[\p{L}\p{N}]/u.test(event.key) && !hasMod(event) && !event.altKey) {
        const next = typeAhead.find(event.key, rows.map(props.rowText), active, performance.now());
        if (next >= 0) moveTo(next, event);
        return next >= 0;
      }
      return false;
    })();
    if (handled) event.preventDefault();
  };

  /** Left and right fold a tree's row, or walk the controls inside a row. */
  const moveWithin = (event: KeyboardEvent<HTMLElement>, row: Row): boolean => {
    const forward = event.key === 'ArrowRight';
    const element = rowElement(active);
    if (!element) return false;
    const atRow = document.activeElement === element;
    const fold = tree?.(row);
    if (atRow && fold?.expanded === !forward) {
      props.onExpand?.(row, forward);
      return true;
    }
    if (atRow && !forward && fold && fold.level > 1) {
      const parent = rows.findLastIndex(
        (other, index) => index < active && (tree?.(other).level ?? 0) < fold.level,
      );
      if (parent >= 0) moveTo(parent, event);
      return true;
    }
    const stops = [element, ...element.querySelectorAll<HTMLElement>(focusable)];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    const next = stops[at + (forward ? 1 : -1)];
    if (!next) return false;
    next.focus();
    return true;
  };

  const onClick = (event: MouseEvent, row: Row) => {
    if (event.defaultPrevented || (event.target as HTMLElement).closest('a, button, input, [role=menu]'))
      return;
    const id = rowId(row);
    setActiveId(id);
    focusWanted.current = true;
    const can = props.onSelect !== undefined && (props.selectable?.(row) ?? true);
    if (event.shiftKey && can) props.onSelect?.(selectRange(startSelection(), selectableIds(), id));
    else if (hasMod(event) && can) {
      const from = selection.ids.size === 0 && currentId !== undefined ? selectOne(currentId) : selection;
      props.onSelect?.(toggleOne(from, id));
    } else {
      if (selection.ids.size > 0) props.onSelect?.(noSelection);
      props.onMove?.(row, false);
    }
  };

  const items = virtualizer.getVirtualItems();
  return (
    <div
      role={tree ? 'treegrid' : 'grid'}
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      {...(props.onSelect ? { 'aria-multiselectable': true } : {})}
      className="flex min-h-0 flex-1 flex-col"
      onKeyDown={onKeyDown}
      onFocus={() => {
        hadFocus.current = true;
      }}
      onBlur={(event) => {
        // A removed element blurs to nothing; leaving by hand has somewhere to go.
        if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget))
          hadFocus.current = false;
      }}
    >
      <div role="rowgroup" className="flex-none border-y border-line bg-surface-2 pr-4 pl-1">
        <div
          role="row"
          aria-rowindex={1}
          className={classNames('grid h-[26px] items-center text-meta font-medium text-text-3', template)}
        >
          {columns.map((column, index) => (
            <div
              key={column.id}
              role="columnheader"
              aria-colindex={index + 1}
              className={classNames('min-w-0 truncate', column.className)}
            >
              {column.header}
            </div>
          ))}
        </div>
      </div>
      <div
        ref={scroller}
        className="min-h-0 flex-1 overflow-y-auto overflow-x-hidden px-1 pt-1 pb-1"
        role="rowgroup"
      >
        <div role="presentation" className="relative w-full" style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index] as Row;
            const id = rowId(row);
            const fold = tree?.(row);
            const whole = props.wholeRow?.(row);
            const selected = selection.ids.has(id) || (selection.ids.size === 0 && id === currentId);
            return (
              <div
                key={item.key}
                role="row"
                id={`${gridId}-${item.index}`}
                data-index={item.index}
                tabIndex={item.index === active ? 0 : -1}
                aria-rowindex={item.index + 2}
                {...(props.onSelect || currentId !== undefined ? { 'aria-selected': selected } : {})}
                {...(fold ? { 'aria-level': fold.level } : {})}
                {...(fold?.expanded === undefined ? {} : { 'aria-expanded': fold.expanded })}
                onFocus={(event) => {
                  // Readers move the focus by themselves.
                  if (event.target === event.currentTarget && id !== activeId) setActiveId(id);
                }}
                onClick={(event) => onClick(event, row)}
                onDoubleClick={(event) => {
                  if (!(event.target as HTMLElement).closest('a, button')) props.onOpen?.(row);
                }}
                className={classNames(
                  'group/row absolute inset-x-0 top-0 rounded-control pr-3',
                  whole === undefined && classNames('grid items-center', template),
                  selected ? 'bg-selected [--state-cut:var(--color-selected)]' : 'hover:bg-hover',
                  props.rowClassName?.(row),
                )}
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                {whole !== undefined ? (
                  <div
                    role="gridcell"
                    aria-colspan={columns.length}
                    className="flex h-full min-w-0 items-center"
                  >
                    {whole}
                  </div>
                ) : (
                  columns.map((column, index) => (
                    <div
                      key={column.id}
                      role="gridcell"
                      aria-colindex={index + 1}
                      className={classNames('min-w-0', column.className)}
                    >
                      {column.cell(row)}
                    </div>
                  ))
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
