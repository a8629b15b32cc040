import { type ComponentProps, lazy, Suspense } from 'react';
import type { ConfirmDialog as Dialog } from './dialog.tsx';

const Loaded = lazy(() => import('./dialog.tsx').then((module) => ({ default: module.ConfirmDialog })));

/** ConfirmDialog for places that are part of the first screen: its code comes when it is first asked. */
export function ConfirmDialog(props: ComponentProps<typeof Dialog>) {
  return (
    <Suspense fallback={null}>
      <Loaded {...props} />
    </Suspense>
  );
}
