import { errorWords } from './error-words.ts';
import { showToast } from './toast.tsx';

/** Shows a failure of something that has no place of its own on the screen. */
export function reportFailure(call: Promise<unknown>): void {
  call.catch((error: unknown) => {
    const { text, detail } = errorWords(error);
    showToast({ title: text, ...(detail ? { detail } : {}), failed: true });
  });
}
