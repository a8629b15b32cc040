import { cloneElement, type KeyboardEvent, type MouseEvent, type ReactElement, useState } from 'react';

interface TriggerProps {
  onClick?: (event: MouseEvent<HTMLElement>) => void;
  onKeyDown?: (event: KeyboardEvent<HTMLElement>) => void;
}

/**
 * The state of something that opens at a trigger. The trigger stays a plain button, and the popup's code is
 * loaded when it first opens: a list of hundreds of rows with a menu each costs nothing but its buttons.
 */
export function useOpener(
  trigger: ReactElement,
  popup: 'menu' | 'dialog',
): { anchor: HTMLElement | undefined; button: ReactElement; close: () => void } {
  const [anchor, setAnchor] = useState<HTMLElement>();
  const own = trigger.props as TriggerProps;
  const button = cloneElement(trigger as ReactElement<Record<string, unknown>>, {
    'aria-haspopup': popup,
    'aria-expanded': anchor !== undefined,
    'data-popup-open': anchor ? '' : undefined,
    onClick: (event: MouseEvent<HTMLElement>) => {
      own.onClick?.(event);
      setAnchor(anchor ? undefined : event.currentTarget);
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      own.onKeyDown?.(event);
      if (popup !== 'menu' || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
      event.preventDefault();
      event.stopPropagation();
      setAnchor(event.currentTarget);
    },
  });
  const close = () => {
    anchor?.focus();
    setAnchor(undefined);
  };
  return { anchor, button, close };
}
