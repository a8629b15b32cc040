import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';

/** A one-line text field. `mono` for what is typed at a command line; `bad` marks a refused value. */
export function TextField({
  mono = false,
  bad = false,
  className,
  ...rest
}: ComponentProps<'input'> & { mono?: boolean; bad?: boolean }) {
  return (
    <input
      spellCheck={false}
      autoComplete="off"
      aria-invalid={bad || undefined}
      className={classNames(
        'h-7 w-full min-w-0 rounded-control border bg-surface px-2 text-text',
        mono && 'code',
        bad ? 'border-err outline-1 outline-err' : 'border-line-strong',
        className,
      )}
      {...rest}
    />
  );
}

/** A search field with an icon before and anything after the text. */
export function SearchField({
  icon,
  after,
  className,
  ...rest
}: ComponentProps<'input'> & { icon: ReactNode; after?: ReactNode }) {
  return (
    <div
      className={classNames(
        'field-edge flex h-7 min-w-0 items-center gap-1.5 rounded-control bg-surface px-2 text-text-3 focus-within:outline-2 focus-within:-outline-offset-2 focus-within:outline-accent-text',
        className,
      )}
    >
      {icon}
      <input
        type="text"
        spellCheck={false}
        autoComplete="off"
        className="h-full min-w-0 flex-1 bg-transparent text-text outline-none"
        {...rest}
      />
      {after}
    </div>
  );
}

/** A native select: its list is the system's own and needs no code. */
export function SelectField({ className, ...rest }: ComponentProps<'select'>) {
  return (
    <select
      className={classNames('h-7 rounded-control border border-line-strong bg-surface px-1.5', className)}
      {...rest}
    />
  );
}

/** Two to four choices side by side. */
export function Segmented<Value extends string>({
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
    <fieldset className="inline-flex flex-none rounded-[7px] border border-line bg-surface-2 p-px">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={classNames(
            'flex h-6 items-center whitespace-nowrap rounded-[5px] px-2.5 text-small',
            option.value === value
              ? 'bg-surface font-medium text-text outline-1 outline-line'
              : 'text-text-2',
          )}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
