import { lazy, type ReactElement, type ReactNode, Suspense } from 'react';
import type * as Parts from './menu-parts.tsx';
import { useOpener } from './opener.ts';

const load = () => import('./menu-parts.tsx');
const MenuPopup = lazy(() => load().then((parts) => ({ default: parts.MenuPopup })));

export const MenuItem = lazy(() => load().then((parts) => ({ default: parts.MenuItem })));
export const MenuHeading = lazy(() => load().then((parts) => ({ default: parts.MenuHeading })));
export const MenuSeparator = lazy(() => load().then((parts) => ({ default: parts.MenuSeparator })));
/** One choice out of several; the chosen one carries a tick. */
export const MenuChoice = lazy(() =>
  load().then((parts) => ({ default: parts.MenuChoice })),
) as unknown as typeof Parts.MenuChoice;

/** A menu under its trigger. */
export function Menu({
  trigger,
  children,
  align = 'end',
}: {
  trigger: ReactElement;
  children: ReactNode;
  align?: 'start' | 'end';
}) {
  const { anchor, button, close } = useOpener(trigger, 'menu');
  return (
    <>
      {button}
      {anchor && (
        <Suspense fallback={null}>
          <MenuPopup anchor={anchor} align={align} onClose={close}>
            {children}
          </MenuPopup>
        </Suspense>
      )}
    </>
  );
}
