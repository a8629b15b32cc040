import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from '../../../ui/button.tsx';

/** A heading over a part of the form, with a hint beside and an action at its end. */
export function PartHeading({
  title,
  hint,
  children,
}: {
  title: string;
  hint?: string;
  children?: ReactNode;
}) {
  return (
    <div className="flex min-h-6 items-center gap-2 text-small font-medium text-text-2">
      <span className="flex-none">{title}</span>
      {hint && <span className="truncate font-normal text-text-3">{hint}</span>}
      <span className="ml-auto flex flex-none items-center gap-2">{children}</span>
    </div>
  );
}

export function LinkButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex h-6 items-center gap-1 text-small font-medium text-accent-text hover:underline"
    >
      {children}
    </button>
  );
}

export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return <IconButton small label={label} icon={<X size={14} aria-hidden />} onClick={onClick} />;
}

/** A label over its field. */
export function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field is the child
    <label className="flex min-w-0 flex-col gap-0.5 text-small font-medium text-text-2">
      {label}
      {children}
    </label>
  );
}
