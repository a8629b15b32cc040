import { adoptContainers, loadContainers } from './adopt.ts';
import type { Container } from './container.ts';
import { Execs } from './exec.ts';
import { watchHealth } from './health-monitor.ts';
import { Lifecycle } from './lifecycle.ts';
import { watchOutOfMemory } from './oom-watch.ts';
import type { ContainerParts } from './parts.ts';
import { KeptRemains } from './remains.ts';
import { Terminals } from './terminals.ts';

/** The container side of the engine, as routes and system pages use it. */
export interface Containers {
  parts: ContainerParts;
  lifecycle: Lifecycle;
  execs: Execs;
  terminals: Terminals;
  remains: KeptRemains;
  /** By id, unique prefix or name; throws container-not-found. */
  get(reference: string): Container;
  all(): Container[];
  /** The engine ends: no restarts any more; running containers go on. */
  close(): void;
}

/** Reads the definitions and takes over what runs. */
export async function openContainers(options: Omit<ContainerParts, 'remains'>): Promise<Containers> {
  const { files, layers, log, openLog } = options;
  const discard = (path: string) => layers.discard(path);
  const remains = await KeptRemains.open({ files, openLog, discard, log });
  const parts: ContainerParts = { ...options, remains };
  const execs = new Execs(parts);
  const terminals = new Terminals(parts);
  const lifecycle = new Lifecycle(parts, {
    onRun: (container, run) => {
      void run.finished.then(() => execs.forget(container));
      void watchHealth(parts, container, run);
      void watchOutOfMemory(parts, container, run);
    },
  });
  await loadContainers(parts);
  await adoptContainers(parts, lifecycle);
  await parts.networks.settle();
  await parts.runtime.sweep().catch((error) => log('what killed shims left could not be cleared', error));
  for (const container of parts.registry.all()) await terminals.adopt(container);
  return {
    parts,
    lifecycle,
    execs,
    terminals,
    remains,
    get: (reference) => parts.registry.get(reference),
    all: () => parts.registry.all(),
    close: () => {
      remains.close();
      lifecycle.close();
    },
  };
}
