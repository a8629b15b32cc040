import { Menu as Base } from '@base-ui/react/menu';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Keys } from './keys.tsx';

const itemClass =
  'flex h-7 select-none items-center gap-2 rounded-control px-2 outline-none data-highlighted:bg-hover data-disabled:text-text-3';

/** The open part of a menu. */
export function MenuPopup({
  anchor,
  align,
  onClose,
  children,
}: {
  anchor: HTMLElement;
  align: 'start' | 'end';
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Positioner anchor={anchor} align={align} sideOffset={4} className="z-40">
          <Base.Popup
            finalFocus={() => anchor}
            className="min-w-44 max-w-80 rounded-card border border-line bg-raised p-1 shadow-overlay outline-none"
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  icon,
  keys,
  danger = false,
  disabled = false,
  onSelect,
  children,
}: {
  icon?: ReactNode;
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    <Base.Item className={classNames(itemClass, danger && 'text-err')} disabled={disabled} onClick={onSelect}>
      <span className="grid w-4 flex-none place-items-center">{icon}</span>
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {keys && <Keys keys={keys} />}
    </Base.Item>
  );
}

export function MenuHeading({ children }: { children: ReactNode }) {
  return <div className="px-2 pt-1.5 pb-0.5 text-meta font-semibold text-text-3">{children}</div>;
}

export function MenuSeparator() {
  return <Base.Separator className="mx-1 my-1 h-px bg-line" />;
}

/** One choice out of several; the chosen one carries a tick. */
export function MenuChoice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}) {
  return (
    <Base.RadioGroup aria-label={label} value={value} onValueChange={(next: Value) => onChange(next)}>
      <MenuHeading>{label}</MenuHeading>
      {options.map((option) => (
        <Base.RadioItem key={option.value} value={option.value} className={itemClass} closeOnClick>
          <span className="grid w-4 flex-none place-items-center">
            <Base.RadioItemIndicator>
              <Check size={14} />
            </Base.RadioItemIndicator>
          </span>
          {option.label}
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  );
}
