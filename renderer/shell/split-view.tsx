import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import { Divider } from '../ui/divider.tsx';

/** The list is never narrower. */
const listMinPx = 398;
const detailMinPx = 420;
const dividerPx = 8;
/** The list's part of the width, before somebody moves the divider. */
const startShare = 0.46;

const storageKey = 'berth.split';
/** The list's share of the width, kept for this window. */
const useShare = create<{ share: number }>(() => ({
  share: Number(sessionStorage.getItem(storageKey) ?? startShare),
}));
useShare.subscribe(({ share }) => sessionStorage.setItem(storageKey, String(share)));

/** The width of an element, as it changes. */
function useWidth() {
  const element = useRef<HTMLDivElement>(null);
  const [widthPx, setWidthPx] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidthPx(entry.contentRect.width));
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return { element, widthPx };
}

/**
 * List and detail side by side. The list stays mounted behind a detail that covers it, so that its place, its
 * focus and its selection are there on the way back.
 */
export function SplitView({
  list,
  detail,
  covering,
}: {
  list: ReactNode;
  detail: ReactNode | undefined;
  /** The detail takes the list's place. */
  covering: boolean;
}) {
  const { t } = useTranslation();
  const { element, widthPx } = useWidth();
  const share = useShare(({ share }) => share);
  const maxPx = Math.max(listMinPx, widthPx - detailMinPx - dividerPx);
  const listPx = Math.round(Math.min(maxPx, Math.max(listMinPx, widthPx * share)));
  const beside = detail !== undefined && !covering;
  return (
    <div ref={element} className="flex min-h-0 min-w-0 flex-1">
      <div
        className={detail !== undefined && covering ? 'hidden' : 'flex min-w-0 flex-col'}
        style={beside ? { flex: `0 0 ${listPx}px` } : { flex: '1 1 0' }}
      >
        {list}
      </div>
      {beside && (
        <Divider
          axis="x"
          label={t('resize', { what: t('nav.containers') })}
          valuePx={listPx}
          minPx={listMinPx}
          maxPx={maxPx}
          onChange={(next) => useShare.setState({ share: next / Math.max(1, widthPx) })}
        />
      )}
      {detail !== undefined && <div className="flex min-w-0 flex-1 flex-col">{detail}</div>}
    </div>
  );
}
