import { type ReactElement, type ReactNode, Suspense } from 'react';
import { lazyPart } from './lazy-part.tsx';
import type * as Parts from './menu-parts.tsx';
import { useOpener } from './opener.ts';

const load = () => import('./menu-parts.tsx');
const soon = { soon: true };
const MenuPopup = lazyPart(() => load().then((parts) => parts.MenuPopup), soon);

export const MenuItem = lazyPart(() => load().then((parts) => parts.MenuItem), soon);
export const MenuHeading = lazyPart(() => load().then((parts) => parts.MenuHeading), soon);
export const MenuSeparator = lazyPart(() => load().then((parts) => parts.MenuSeparator), soon);
/** One choice out of several; the chosen one carries a tick. */
export const MenuChoice = lazyPart(
  () => load().then((parts) => parts.MenuChoice),
  soon,
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
