import { adoptContainers, loadContainers } from './adopt.ts';
import type { Container } from './container.ts';
import { Execs } from './exec.ts';
import { Lifecycle } from './lifecycle.ts';
import type { ContainerParts } from './parts.ts';

/** The container side of the engine, as routes and system pages use it. */
export interface Containers {
  parts: ContainerParts;
  lifecycle: Lifecycle;
  execs: Execs;
  /** By id, unique prefix or name; throws container-not-found. */
  get(reference: string): Container;
  all(): Container[];
  /** The engine ends: no restarts any more; running containers go on. */
  close(): void;
}

/** Reads the definitions and takes over what runs. */
export async function openContainers(parts: ContainerParts): Promise<Containers> {
  const execs = new Execs(parts);
  const lifecycle = new Lifecycle(parts, {
    onRun: (container, run) => {
      void run.finished.then(() => execs.forget(container));
    },
  });
  await loadContainers(parts);
  await adoptContainers(parts, lifecycle);
  return {
    parts,
    lifecycle,
    execs,
    get: (reference) => parts.registry.get(reference),
    all: () => parts.registry.all(),
    close: () => lifecycle.close(),
  };
}
