import { setTimeout as delay } from 'node:timers/promises';
import { BerthError } from '../errors.ts';
import type { HttpAnswer } from './http.ts';

/** A wait that a registry asks for. */
export interface Wait {
  seconds: number;
  /** Of the URL that it answered so. */
  path: string;
}

/** Longer waits are told as the failure that they are: a person should decide. */
const longestWaitSeconds = 60;
const mostWaits = 3;

/**
 * Waits as an answer asks by 429 or 503 with Retry-After. False where it does not ask, or asks too much; the answer is
 * then still unread.
 */
export async function waitAsAsked(
  answer: HttpAnswer,
  options: {
    /** Waits that this call has kept already. */
    waits: number;
    signal: AbortSignal | undefined;
    onWait: (wait: Omit<Wait, 'path'>) => void;
  },
): Promise<boolean> {
  if (answer.status !== 429 && answer.status !== 503) return false;
  const seconds = retryAfterSeconds(answer);
  if (seconds === undefined || seconds > longestWaitSeconds || options.waits >= mostWaits) return false;
  answer.body.resume();
  options.onWait({ seconds });
  try {
    await delay(seconds * 1000, undefined, options.signal === undefined ? {} : { signal: options.signal });
  } catch (error) {
    throw new BerthError('canceled', 'context canceled', {}, { cause: error });
  }
  return true;
}

/** Retry-After as seconds from now: it is a number of them, or an HTTP date. */
export function retryAfterSeconds(answer: Pick<HttpAnswer, 'headers'>): number | undefined {
  const text = answer.headers['retry-after'];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - Date.now()) / 1000));
}
