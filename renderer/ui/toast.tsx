import { Suspense } from 'react';
import { create } from 'zustand';
import { lazyPart, loadPart } from './lazy-part.tsx';

/** Toasts are for things off screen only; at the thing itself, say it inline. */
export interface ToastMessage {
  title: string;
  detail?: string;
  failed?: boolean;
  /** A button, such as Undo. */
  action?: { label: string; run: () => void };
  /** 0 keeps it until dismissed. */
  timeoutMs?: number;
}

// Loaded with the first message: most sessions begin without one.
const load = () => loadPart(() => import('./toaster.tsx'));
const Toaster = lazyPart(() => load().then((module) => module.default));
const useRequested = create(() => ({ requested: false }));

/** Shows a message; the returned function takes it away. */
export function showToast(message: ToastMessage): () => void {
  useRequested.setState({ requested: true });
  const shown = load().then(async (toaster) => ({ toaster, id: await toaster.addToast(message) }));
  return () => void shown.then(({ toaster, id }) => toaster.closeToast(id));
}

/** Where toasts appear. */
export function Toasts() {
  const { requested } = useRequested();
  return requested ? (
    <Suspense fallback={null}>
      <Toaster />
    </Suspense>
  ) : null;
}
