import { type ReactElement, type ReactNode, Suspense } from 'react';
import { lazyPart } from './lazy-part.tsx';
import { useOpener } from './opener.ts';

const PopoverPanel = lazyPart(() => import('./popover-panel.tsx').then((module) => module.default), {
  soon: true,
});

/** A small panel under its trigger. */
export function Popover({
  trigger,
  label,
  children,
}: {
  trigger: ReactElement;
  label: string;
  children: ReactNode;
}) {
  const { anchor, button, close } = useOpener(trigger, 'dialog');
  return (
    <>
      {button}
      {anchor && (
        <Suspense fallback={null}>
          <PopoverPanel anchor={anchor} label={label} onClose={close}>
            {children}
          </PopoverPanel>
        </Suspense>
      )}
    </>
  );
}
