import { type ComponentProps, Suspense } from 'react';
import type { ConfirmDialog as Dialog } from './dialog.tsx';
import { lazyPart } from './lazy-part.tsx';

const Loaded = lazyPart(() => import('./dialog.tsx').then((module) => module.ConfirmDialog), { soon: true });

/** ConfirmDialog for places that are part of the first screen: its code comes when it is first asked. */
export function ConfirmDialog(props: ComponentProps<typeof Dialog>) {
  return (
    <Suspense fallback={null}>
      <Loaded {...props} />
    </Suspense>
  );
}
