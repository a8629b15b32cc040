import type { ComponentProps } from 'react';
import { go } from './location.ts';

/** A link within the page. With a modifier key the browser opens it as it would any link. */
export function Link({ to, onClick, ...rest }: Omit<ComponentProps<'a'>, 'href'> & { to: string }) {
  return (
    <a
      href={to}
      onClick={(event) => {
        onClick?.(event);
        if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0)
          return;
        event.preventDefault();
        go(to);
      }}
      {...rest}
    />
  );
}
