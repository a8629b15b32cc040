import type { KeyboardEvent, PointerEvent } from 'react';
import { classNames } from './class-names.ts';

/** How far an arrow key moves it. */
const stepPx = 24;

interface DividerProps {
  /** The axis along which it moves. */
  axis: 'x' | 'y';
  label: string;
  /** Size of the part before it (x) or after it (y), whichever it sizes. */
  valuePx: number;
  minPx: number;
  maxPx: number;
  /** True where the sized part lies behind the divider, so that moving back makes it larger. */
  behind?: boolean;
  onChange: (valuePx: number) => void;
  className?: string;
}

/** A divider between two parts: dragged, or moved by the arrow keys. */
export function Divider({
  axis,
  label,
  valuePx,
  minPx,
  maxPx,
  behind = false,
  onChange,
  className,
}: DividerProps) {
  const direction = behind ? -1 : 1;
  const set = (next: number) => onChange(Math.round(Math.min(maxPx, Math.max(minPx, next))));
  const startDrag = (event: PointerEvent<HTMLElement>) => {
    const handle = event.currentTarget;
    const place = (at: { clientX: number; clientY: number }) => (axis === 'x' ? at.clientX : at.clientY);
    const start = place(event);
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (move) => set(valuePx + direction * (place(move) - start));
    handle.onpointerup = () => {
      handle.onpointermove = null;
    };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const forward = axis === 'x' ? 'ArrowRight' : 'ArrowDown';
    const back = axis === 'x' ? 'ArrowLeft' : 'ArrowUp';
    if (event.key !== forward && event.key !== back) return;
    event.preventDefault();
    set(valuePx + direction * (event.key === forward ? stepPx : -stepPx));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an hr cannot be dragged or focused
    <div
      role="separator"
      tabIndex={0}
      aria-orientation={axis === 'x' ? 'vertical' : 'horizontal'}
      aria-label={label}
      aria-valuenow={valuePx}
      aria-valuemin={minPx}
      aria-valuemax={maxPx}
      className={classNames(
        'flex-none touch-none rounded-full hover:bg-line-strong/30 active:bg-accent-text/40',
        axis === 'x' ? 'w-2 cursor-col-resize' : 'h-2 cursor-row-resize',
        className,
      )}
      onPointerDown={startDrag}
      onKeyDown={onKeyDown}
    />
  );
}
