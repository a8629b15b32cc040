import {
  cloneElement,
  type FocusEvent,
  type PointerEvent,
  type ReactElement,
  Suspense,
  type SyntheticEvent,
} from 'react';
import { create } from 'zustand';
import { lazyPart } from './lazy-part.tsx';

interface Shown {
  anchor: Element;
  text: string;
  keys: string | undefined;
}

/** How long the pointer rests before words appear. */
const restMs = 500;

/** One tooltip for the whole window: there is never more than one to see. */
export const useTooltip = create<{ shown: Shown | undefined }>(() => ({ shown: undefined }));
const TooltipBubble = lazyPart(() => import('./tooltip-bubble.tsx').then((module) => module.default), {
  soon: true,
});
let timer: ReturnType<typeof setTimeout> | undefined;

export function hideTooltip(): void {
  clearTimeout(timer);
  if (useTooltip.getState().shown) useTooltip.setState({ shown: undefined });
}

function showSoon(shown: Shown): void {
  clearTimeout(timer);
  timer = setTimeout(() => shown.anchor.isConnected && useTooltip.setState({ shown }), restMs);
}

type Handlers = Partial<
  Record<'onPointerEnter' | 'onPointerLeave' | 'onPointerDown' | 'onFocus' | 'onBlur', (event: never) => void>
>;

/** Words on hover and on keyboard focus. The child must name itself: a tooltip is no accessible name. */
export function Tooltip({
  text,
  keys,
  children,
}: {
  text: string;
  keys?: string | undefined;
  children: ReactElement;
}) {
  const own = children.props as Handlers;
  const both =
    (name: keyof Handlers, handler: (event: SyntheticEvent) => void) => (event: SyntheticEvent) => {
      own[name]?.(event as never);
      handler(event);
    };
  const show = (event: SyntheticEvent) => showSoon({ anchor: event.currentTarget, text, keys });
  return cloneElement(children as ReactElement<Record<string, unknown>>, {
    onPointerEnter: both(
      'onPointerEnter',
      (event) => (event as PointerEvent).pointerType === 'mouse' && show(event),
    ),
    onPointerLeave: both('onPointerLeave', hideTooltip),
    onPointerDown: both('onPointerDown', hideTooltip),
    onFocus: both(
      'onFocus',
      (event) => (event as FocusEvent).target.matches(':focus-visible') && show(event),
    ),
    onBlur: both('onBlur', hideTooltip),
  });
}

/** Where the tooltip appears. */
export function Tooltips() {
  const { shown } = useTooltip();
  return shown ? (
    <Suspense fallback={null}>
      <TooltipBubble anchor={shown.anchor} text={shown.text} keys={shown.keys} />
    </Suspense>
  ) : null;
}
