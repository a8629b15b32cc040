import { Tabs as Base } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';

/** A row of tabs over a panel. The chosen tab is in the URL, so it is controlled. */
export function Tabs<Value extends string>({
  label,
  value,
  tabs,
  onChange,
  children,
}: {
  label: string;
  value: Value;
  tabs: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  /** The panel of the chosen tab. */
  children: ReactNode;
}) {
  return (
    <Base.Root
      value={value}
      onValueChange={(next: Value) => onChange(next)}
      className="flex min-h-0 flex-1 flex-col"
    >
      <Base.List
        aria-label={label}
        className="flex flex-none gap-0.5 overflow-x-auto border-b border-line px-2.5"
      >
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="relative flex h-[34px] flex-none items-center gap-1.5 px-2.5 text-text-2 after:absolute after:inset-x-2 after:bottom-0 after:h-0.5 after:rounded-full data-active:font-medium data-active:text-text data-active:after:bg-accent-text"
          >
            {tab.label}
          </Base.Tab>
        ))}
      </Base.List>
      <Base.Panel value={value} className="flex min-h-0 flex-1 flex-col outline-none">
        {children}
      </Base.Panel>
    </Base.Root>
  );
}
