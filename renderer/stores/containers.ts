import { create } from 'zustand';
import { engine } from '../bridge/index.ts';
import { type ContainerView, containerView, isUp } from './container-state.ts';
import { Refetcher } from './refetch.ts';

export type ContainerAction = 'start' | 'stop' | 'restart' | 'kill' | 'pause' | 'unpause' | 'remove';

/** What was asked of a container and has not come about: shown as a transition, never as a result. */
export interface Transition {
  action: ContainerAction;
  sinceMs: number;
}

interface ContainersState {
  byId: ReadonlyMap<string, ContainerView>;
  /** When the list was last answered; undefined before the first answer. */
  readAtMs: number | undefined;
  /** Why the last read failed, until one succeeds. */
  failure: unknown;
  transitions: ReadonlyMap<string, Transition>;
  /** The last refusal a container met, until it is dismissed or something else is done. */
  refusals: ReadonlyMap<string, { action: ContainerAction; error: unknown }>;
}

export const useContainers = create<ContainersState>(() => ({
  byId: new Map(),
  readAtMs: undefined,
  failure: undefined,
  transitions: new Map(),
  refusals: new Map(),
}));

/** Docker's words are rounded: a moment that moved by less than their unit is the same moment. */
function keepMoment(before: ContainerView, view: ContainerView): ContainerView {
  if (!before.since || !view.since || before.condition !== view.condition) return view;
  const moved = Math.abs(before.since.atMs - view.since.atMs);
  return moved <= view.since.exactToMs ? { ...view, since: before.since } : view;
}

/** Rows subscribe to their own entity: one that did not change keeps its identity. */
function merge(old: ReadonlyMap<string, ContainerView>, views: ContainerView[]): Map<string, ContainerView> {
  return new Map(
    views.map((view) => {
      const before = old.get(view.id);
      if (!before) return [view.id, view];
      const next = keepMoment(before, view);
      return [view.id, JSON.stringify(before) === JSON.stringify(next) ? before : next];
    }),
  );
}

const refetcher = new Refetcher(async () => {
  try {
    const summaries = await engine.containers.list({ all: true });
    const readAtMs = Date.now();
    useContainers.setState(({ byId }) => ({
      byId: merge(
        byId,
        summaries.map((summary) => containerView(summary, readAtMs)),
      ),
      readAtMs,
      failure: undefined,
    }));
  } catch (failure) {
    useContainers.setState({ failure });
  }
});

/** An event named a container: the list is refetched within 100 ms. */
export const markContainers = (): void => refetcher.mark();
export const refetchContainers = (): Promise<void> => refetcher.now();

function setTransition(id: string, transition: Transition | undefined): void {
  useContainers.setState(({ transitions }) => {
    const next = new Map(transitions);
    if (transition) next.set(id, transition);
    else next.delete(id);
    return { transitions: next };
  });
}

export function dismissRefusal(id: string): void {
  useContainers.setState(({ refusals }) => {
    const next = new Map(refusals);
    next.delete(id);
    return { refusals: next };
  });
}

const calls: Record<ContainerAction, (id: string, force: boolean) => Promise<void>> = {
  start: (id) => engine.containers.start(id),
  stop: (id) => engine.containers.stop(id),
  restart: (id) => engine.containers.restart(id),
  kill: (id) => engine.containers.kill(id),
  pause: (id) => engine.containers.pause(id),
  unpause: (id) => engine.containers.unpause(id),
  remove: (id, force) => engine.containers.remove(id, { force }),
};

/** Actions on one container run one after the other; Kill does not wait for a Stop that hangs. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Asks the engine for an action. The transition shows at once, the result only when the engine says so.
 * Never throws: a refusal is kept at the container.
 */
export async function act(id: string, action: ContainerAction): Promise<boolean> {
  dismissRefusal(id);
  setTransition(id, { action, sinceMs: Date.now() });
  const before = action === 'kill' ? undefined : queues.get(id);
  const done = (async () => {
    await before;
    const view = useContainers.getState().byId.get(id);
    try {
      await calls[action](id, view !== undefined && isUp(view));
      return true;
    } catch (error) {
      useContainers.setState(({ refusals }) => ({ refusals: new Map(refusals).set(id, { action, error }) }));
      return false;
    } finally {
      await refetchContainers();
      setTransition(id, undefined);
    }
  })();
  queues.set(id, done);
  return done;
}
