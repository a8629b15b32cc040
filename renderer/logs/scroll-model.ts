/**
 * Scrolling over more rows than an element may be high. Chromium caps an element at 33,554,428 device pixels;
 * 8,000,000 CSS pixels stay below that at a pixel ratio of 2 and 200 % zoom. Above it one pixel of the
 * scrollbar stands for several rows, so wheel and keys move the anchor directly.
 */
export const rowPx = 20;
export const maxContentPx = 8_000_000;

export interface ScrollSize {
  rows: number;
  viewportPx: number;
}

export const contentPx = ({ rows }: ScrollSize) => Math.min(rows * rowPx, maxContentPx);

export const isScaled = ({ rows }: ScrollSize) => rows * rowPx > maxContentPx;

/** The largest first row: with it the last row ends at the bottom. */
export const lastAnchor = ({ rows, viewportPx }: ScrollSize) => Math.max(0, rows - viewportPx / rowPx);

/** First row (with fraction) that a scrollbar position shows. */
export function anchorOf(scrollTop: number, size: ScrollSize): number {
  if (!isScaled(size)) return scrollTop / rowPx;
  const range = contentPx(size) - size.viewportPx;
  return range <= 0 ? 0 : Math.min(1, scrollTop / range) * lastAnchor(size);
}

/** Scrollbar position for a first row. */
export function scrollTopOf(anchor: number, size: ScrollSize): number {
  if (!isScaled(size)) return anchor * rowPx;
  const last = lastAnchor(size);
  return last <= 0 ? 0 : (anchor / last) * (contentPx(size) - size.viewportPx);
}

export const clampAnchor = (anchor: number, size: ScrollSize) =>
  Math.max(0, Math.min(anchor, lastAnchor(size)));
