import { setTimeout as delay } from 'node:timers/promises';

/** Runs the work with a signal that also aborts after the time given; rejects with that signal's reason. */
export async function withTimeout<T>(
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await work(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
}

/** Waits before the next attempt: 0.25 s, doubling to 5 s, with some chance so that many do not come at once. */
export async function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  const waitMs = Math.min(5000, 250 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
  await delay(waitMs, undefined, { signal }).catch(() => undefined);
}

/** Asks until the answer is true, at a distance; rejects with the signal's reason. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { everyMs, signal }: { everyMs: number; signal: AbortSignal },
): Promise<void> {
  while (!(await holds())) await delay(everyMs, undefined, { signal });
}
