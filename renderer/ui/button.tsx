import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Tooltip } from './tooltip.tsx';

type Look = 'plain' | 'primary' | 'danger' | 'quiet';

const looks: Record<Look, string> = {
  plain: 'border-line bg-surface hover:bg-hover data-popup-open:bg-hover',
  primary:
    'border-transparent bg-accent text-accent-fg hover:brightness-90 aria-disabled:bg-idle-soft aria-disabled:text-text-2',
  danger: 'border-line bg-surface text-err hover:bg-err-soft',
  quiet: 'border-transparent text-text-2 hover:bg-hover data-popup-open:bg-hover',
};

export interface ButtonProps extends ComponentProps<'button'> {
  look?: Look;
  small?: boolean;
}

/** A button with words. `aria-disabled` keeps it reachable, so that its reason can be read. */
export function Button({ look = 'plain', small = false, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={classNames(
        'fade inline-flex flex-none items-center justify-center gap-1.5 whitespace-nowrap rounded-control border font-medium disabled:opacity-50',
        small ? 'h-6 px-2 text-small' : 'h-7 px-2.5',
        looks[look],
        className,
      )}
      {...rest}
    />
  );
}

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  /** Names action and object, such as "Stop web"; shown as tooltip and read out. */
  label: string;
  icon: ReactNode;
  /** Keys shown in the tooltip. */
  keys?: string;
  small?: boolean;
  pressed?: boolean;
}

/** A square button with an icon; its label is its tooltip and its accessible name. */
export function IconButton({
  label,
  icon,
  keys,
  small = false,
  pressed,
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
        className={classNames(
          'fade grid flex-none place-items-center rounded-control text-text-2 hover:bg-hover disabled:opacity-40 data-popup-open:bg-hover',
          small ? 'size-6' : 'size-7',
          pressed && 'bg-selected text-accent-text',
          className,
        )}
        {...rest}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
