import { useEffect } from 'react';
import { create } from 'zustand';
import type { EngineStatus } from '../../engine/api/system.ts';
import { engine } from '../bridge/index.ts';
import { engineRuns, useMachine } from './machine.ts';

const useStore = create<{ status: EngineStatus | undefined }>(() => ({ status: undefined }));

/** How often the engine is asked while somebody looks. */
const pollMs = 3000;
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

async function poll(): Promise<void> {
  if (document.visibilityState === 'hidden') return;
  if (!engineRuns(useMachine.getState())) return useStore.setState({ status: undefined });
  try {
    useStore.setState({ status: await engine.status() });
  } catch {
    // The machine's own state says why; old figures would lie.
    useStore.setState({ status: undefined });
  }
}

/** Processors, memory and disk in use, while an engine runs; asked for only while shown and visible. */
export function useEngineStatus(): EngineStatus | undefined {
  const runs = useMachine(engineRuns);
  useEffect(() => {
    if (!runs) return;
    watchers++;
    void poll();
    timer ??= setInterval(() => void poll(), pollMs);
    return () => {
      watchers--;
      if (watchers > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, [runs]);
  return useStore(({ status }) => (runs ? status : undefined));
}
