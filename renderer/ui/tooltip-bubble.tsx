import { Tooltip as Base } from '@base-ui/react/tooltip';
import { Keys } from './keys.tsx';
import { hideTooltip } from './tooltip.tsx';

/** The one visible tooltip; Escape hides it, the pointer may rest on it. */
export default function TooltipBubble({
  anchor,
  text,
  keys,
}: {
  anchor: Element;
  text: string;
  keys: string | undefined;
}) {
  return (
    <Base.Root open onOpenChange={(open) => !open && hideTooltip()}>
      <Base.Portal>
        <Base.Positioner anchor={anchor} sideOffset={6} className="pointer-events-none z-50">
          <Base.Popup className="flex max-w-72 items-center gap-2 rounded-control border border-line bg-raised px-2 py-1 text-small shadow-overlay">
            {text}
            {keys && <Keys keys={keys} />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
