import { jsonLines } from '../../engine/api/client.ts';
import type { EventMessage } from '../../engine/api/system.ts';
import { streams } from '../bridge/index.ts';
import { markContainers, refetchContainers } from './containers.ts';
import { markImages, refetchImages } from './images.ts';
import { engineRuns, useMachine } from './machine.ts';

type Listener = (event: EventMessage) => void;
const listeners = new Set<Listener>();

/** Hears every engine event; returns the way to stop. */
export function onEngineEvent(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Which lists an event marks. Exec events change no list. */
function dispatch(event: EventMessage): void {
  if (event.Type === 'container' && !event.Action.startsWith('exec_')) markContainers();
  if (event.Type === 'image') markImages();
  for (const listener of listeners) listener(event);
}

/** How long a lost event stream waits before it is opened anew. */
const reopenMs = 500;

async function followEvents(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { body } = await streams.open({ method: 'GET', path: '/events', signal });
      // Only once the stream is open: what changes before is in the lists, what changes after comes as an event.
      void refetchContainers();
      void refetchImages();
      for await (const event of jsonLines<EventMessage>(body)) dispatch(event);
    } catch {
      // Whatever ended it, the way back is the same; the machine's own state tells the user why.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, reopenMs));
  }
}

/** Follows the engine's events whenever an engine runs. */
export function watchEngine(): void {
  let following: AbortController | undefined;
  const update = () => {
    const runs = engineRuns(useMachine.getState());
    if (runs && !following) {
      following = new AbortController();
      void followEvents(following.signal);
    } else if (!runs && following) {
      following.abort();
      following = undefined;
    }
  };
  useMachine.subscribe(update);
  update();
}
