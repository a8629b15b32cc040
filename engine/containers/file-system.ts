import { BerthError } from '../errors.ts';
import type { ContainerView } from '../layers/container-trees.ts';
import type { Container } from './container.ts';
import { resolveMounts } from './mount-sources.ts';
import type { ContainerParts } from './parts.ts';

/**
 * Gives `work` the container's file system: that of its process while it runs, else its layers and volumes put together
 * for this; then nothing may start or remove the container until the work is done.
 */
export async function withFileSystem<T>(
  parts: ContainerParts,
  container: Container,
  work: (view: ContainerView) => Promise<T>,
): Promise<T> {
  if (container.run !== undefined) return await work({ pid: container.run.shim.pid });
  return await container.serial(async () => {
    if (container.removed) {
      throw new BerthError('container-not-found', `No such container: ${container.id}`, { id: container.id });
    }
    // It may have started while this waited for its turn.
    if (container.run !== undefined) return await work({ pid: container.run.shim.pid });
    return await work(await stoppedView(parts, container));
  });
}

async function stoppedView(parts: ContainerParts, container: Container): Promise<ContainerView> {
  const { definition, files } = container;
  const plan = await parts.layers.plan({
    layers: definition.layers,
    upper: files.upper,
    work: files.work,
    readOnly: definition.hostConfig.ReadonlyRootfs ?? false,
  });
  const mounts = await resolveMounts(parts, definition.mounts);
  return { plan, target: files.bundle, mounts };
}
