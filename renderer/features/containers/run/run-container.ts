import { EngineError } from '../../../../engine/api/client.ts';
import { engine, streams } from '../../../bridge/index.ts';
import type { RunForm } from './form.ts';
import { requestOf } from './request.ts';

export type RunStep =
  | { step: 'pulling'; image: string; doneBytes: number; totalBytes: number }
  | { step: 'creating' }
  | { step: 'starting' };

/** Splits `registry:5000/name:tag` into name and tag; a digest belongs to the name. */
export function splitReference(image: string): { name: string; tag: string } {
  if (image.includes('@')) return { name: image, tag: '' };
  const at = image.indexOf(':', image.lastIndexOf('/') + 1);
  return at < 0 ? { name: image, tag: 'latest' } : { name: image.slice(0, at), tag: image.slice(at + 1) };
}

async function pull(image: string, onStep: (step: RunStep) => void, signal: AbortSignal): Promise<void> {
  const { name, tag } = splitReference(image);
  const layers = new Map<string, { current: number; total: number }>();
  onStep({ step: 'pulling', image, doneBytes: 0, totalBytes: 0 });
  for await (const line of streams.images.pull(name, tag, { signal })) {
    if (line.error !== undefined)
      throw new EngineError(500, { message: line.error, ...(line.berth ? { berth: line.berth } : {}) });
    if (line.id === undefined) continue;
    const before = layers.get(line.id);
    const { current, total } = line.progressDetail ?? {};
    if (line.status === 'Downloading' && current !== undefined && total !== undefined)
      layers.set(line.id, { current, total });
    else if (line.status === 'Download complete' && before)
      layers.set(line.id, { current: before.total, total: before.total });
    const sum = (key: 'current' | 'total') =>
      [...layers.values()].reduce((all, layer) => all + layer[key], 0);
    onStep({ step: 'pulling', image, doneBytes: sum('current'), totalBytes: sum('total') });
  }
}

async function isHere(image: string): Promise<boolean> {
  try {
    await engine.images.inspect(image);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false;
    throw error;
  }
}

/**
 * Pulls what is missing, creates and starts; returns the new container's id. A container that cannot start is
 * removed again, so that trying anew with the same name works.
 */
export async function runContainer(
  form: RunForm,
  onStep: (step: RunStep) => void,
  signal: AbortSignal,
): Promise<string> {
  const image = form.image.trim();
  if (!(await isHere(image))) await pull(image, onStep, signal);
  onStep({ step: 'creating' });
  const { Id } = await engine.containers.create(requestOf(form), form.name || undefined, { signal });
  onStep({ step: 'starting' });
  try {
    await engine.containers.start(Id);
  } catch (error) {
    await engine.containers.remove(Id, { force: true }).catch(() => undefined);
    throw error;
  }
  return Id;
}
