import { create } from 'zustand';
import { EngineError } from '../../engine/api/client.ts';
import { streams } from '../bridge/index.ts';
import { refetchImages } from './images.ts';
import {
  joinReference,
  noProgress,
  type PullProgress,
  pullProgress,
  splitReference,
} from './pull-progress.ts';

/** The pulls of this window. They go on while their sheet is closed. */
export interface Pull {
  /** The reference as docker writes it, such as `nginx:latest`. */
  reference: string;
  phase: 'running' | 'done' | 'failed' | 'canceled';
  progress: PullProgress;
  error: unknown;
  /** Bytes per second over the last seconds, oldest first. */
  rates: readonly number[];
}

interface PullsState {
  pulls: readonly Pull[];
}

export const usePulls = create<PullsState>(() => ({ pulls: [] }));

const aborts = new Map<string, AbortController>();
const waiting = new Map<string, Promise<void>>();

/** How often the rate is taken, and how many are kept for its line. */
const rateEveryMs = 500;
const ratesKept = 40;

function patch(reference: string, change: Partial<Pull>): void {
  usePulls.setState(({ pulls }) => ({
    pulls: pulls.map((pull) => (pull.reference === reference ? { ...pull, ...change } : pull)),
  }));
}

const received = (progress: PullProgress) =>
  progress.layers.reduce((sum, layer) => sum + layer.receivedBytes, 0);

/** Lines come by the thousand: the page hears of them once a frame. */
async function follow(reference: string, signal: AbortSignal): Promise<void> {
  const { fromImage, tag } = splitReference(reference);
  let progress = noProgress;
  let framed = false;
  const rates: number[] = [];
  let counted = 0;
  const timer = setInterval(() => {
    rates.push(Math.max(0, received(progress) - counted) / (rateEveryMs / 1000));
    counted = received(progress);
    if (rates.length > ratesKept) rates.shift();
    patch(reference, { rates: [...rates] });
  }, rateEveryMs);
  const show = () => {
    framed = false;
    patch(reference, { progress });
  };
  try {
    for await (const line of streams.images.pull(fromImage, tag, { signal })) {
      if (line.error !== undefined)
        throw new EngineError(500, { message: line.error, ...(line.berth ? { berth: line.berth } : {}) });
      progress = pullProgress(progress, line);
      if (framed) continue;
      framed = true;
      requestAnimationFrame(show);
    }
  } finally {
    clearInterval(timer);
    patch(reference, { progress });
  }
}

async function run(reference: string): Promise<void> {
  const abort = new AbortController();
  aborts.set(reference, abort);
  try {
    await follow(reference, abort.signal);
    await refetchImages();
    patch(reference, { phase: 'done' });
  } catch (error) {
    patch(reference, abort.signal.aborted ? { phase: 'canceled' } : { phase: 'failed', error });
    throw error;
  } finally {
    aborts.delete(reference);
    waiting.delete(reference);
  }
}

/**
 * Pulls an image, or joins the pull of it that runs. `text` is what somebody typed; the answer is the reference
 * under which the pull stands in the store. `finished` rejects with the engine's refusal, or when cancelled.
 */
export function startPull(text: string): { reference: string; finished: Promise<void> } {
  const reference = joinReference(splitReference(text));
  const joined = waiting.get(reference);
  if (joined) return { reference, finished: joined };
  const pull: Pull = { reference, phase: 'running', progress: noProgress, error: null, rates: [] };
  usePulls.setState(({ pulls }) => ({
    pulls: [...pulls.filter((other) => other.reference !== reference), pull],
  }));
  const finished = run(reference);
  // Who only watches the store need not handle the refusal too.
  finished.catch(() => undefined);
  waiting.set(reference, finished);
  return { reference, finished };
}

/** Ends a pull; layers that are complete stay for the next attempt. */
export function cancelPull(reference: string): void {
  aborts.get(reference)?.abort();
}

/** Forgets a pull that has ended. */
export function forgetPull(reference: string): void {
  if (waiting.has(reference)) return;
  usePulls.setState(({ pulls }) => ({ pulls: pulls.filter((pull) => pull.reference !== reference) }));
}
