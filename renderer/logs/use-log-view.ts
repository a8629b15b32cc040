import { useCallback, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { LogSession } from './log-session.ts';
import {
  anchorOf,
  clampAnchor,
  contentPx,
  isScaled,
  rowPx,
  type ScrollSize,
  scrollTopOf,
} from './scroll-model.ts';

/** Rows fetched beyond the edges, so that slow scrolling never meets an empty row. */
const overscan = 24;

/**
 * The scrolling of a log view: keeps the anchor (first row with fraction), the scrollbar and the rows that the
 * worker sends in step. The anchor lives in the session, so that it survives leaving the tab.
 */
export function useLogView(session: LogSession) {
  const snapshot = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const scroller = useRef<HTMLDivElement>(null);
  const [viewportPx, setViewportPx] = useState(0);
  const [position, setPosition] = useState(session.position);
  /** The scroll position we set ourselves: its event is no wish of the reader. */
  const expected = useRef(0);
  const rows = snapshot.state.total;
  const size = useMemo<ScrollSize>(() => ({ rows, viewportPx }), [rows, viewportPx]);

  const move = useCallback(
    (row: number, follow: boolean) => {
      session.position = { row, follow };
      setPosition(session.position);
      const count = Math.ceil(viewportPx / rowPx) + 2 * overscan;
      session.setWindow(
        follow ? { start: 'end', count } : { start: Math.max(0, Math.floor(row) - overscan), count },
      );
    },
    [session, viewportPx],
  );

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setViewportPx(element.clientHeight));
    observer.observe(element);
    setViewportPx(element.clientHeight);
    return () => observer.disconnect();
  }, []);

  // A new height needs another number of rows; a new session its own place.
  useLayoutEffect(() => {
    if (viewportPx > 0) move(session.position.row, session.position.follow);
  }, [viewportPx, session, move]);

  const anchor = position.follow
    ? clampAnchor(Number.POSITIVE_INFINITY, size)
    : clampAnchor(position.row, size);

  // The scrollbar follows the anchor, not the other way round, except while the reader drags it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the content's height moves the scrollbar too
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const top = position.follow ? element.scrollHeight - element.clientHeight : scrollTopOf(anchor, size);
    if (Math.abs(element.scrollTop - top) > 1) element.scrollTop = top;
    expected.current = element.scrollTop;
  }, [anchor, position.follow, snapshot.state.total, viewportPx]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element || Math.abs(element.scrollTop - expected.current) < 1) return;
    expected.current = element.scrollTop;
    const atEnd = element.scrollTop >= element.scrollHeight - element.clientHeight - 2;
    move(
      anchorOf(element.scrollTop, { rows: snapshot.state.total, viewportPx: element.clientHeight }),
      atEnd,
    );
  }, [move, snapshot.state.total]);

  /** Moves by rows; used by wheel and keys where a pixel of the scrollbar is more than a row. */
  const moveBy = useCallback(
    (rows: number) => {
      const next = clampAnchor(anchor + rows, size);
      move(next, rows > 0 && next >= clampAnchor(Number.POSITIVE_INFINITY, size));
    },
    [anchor, move, size],
  );

  // React's wheel listeners are passive: only a listener of our own may take the event over.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !isScaled(size)) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      moveBy(event.deltaY / rowPx);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [moveBy, size]);

  return {
    snapshot,
    scroller,
    anchor,
    following: position.follow,
    viewportPx,
    heightPx: contentPx(size),
    onScroll,
    moveBy,
    /** Shows a row a third below the top. */
    reveal: (row: number) => move(clampAnchor(row - viewportPx / rowPx / 3, size), false),
    toStart: () => move(0, false),
    follow: () => move(0, true),
    stay: () => move(anchor, false),
  };
}
