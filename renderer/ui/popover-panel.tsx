import { Popover as Base } from '@base-ui/react/popover';
import type { ReactNode } from 'react';

/** The open panel of a popover. */
export default function PopoverPanel({
  anchor,
  label,
  onClose,
  children,
}: {
  anchor: HTMLElement;
  label: string;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Positioner anchor={anchor} align="end" sideOffset={6} className="z-40">
          <Base.Popup
            aria-label={label}
            finalFocus={() => anchor}
            className="w-80 rounded-card border border-line bg-raised shadow-overlay outline-none"
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
