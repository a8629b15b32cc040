import { BerthError, isErrno } from '../errors.ts';
import { syncDirectory } from '../store/json-file.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { nowText } from './container-state.ts';
import { setFrozen } from './freezer.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ContainerParts } from './parts.ts';

const sigkill = 9;

/** Removes a container; with `force` a running one is killed first. Its name is free and its removal durable after. */
export async function removeContainer(
  parts: ContainerParts,
  lifecycle: Lifecycle,
  container: Container,
  options: { force: boolean; volumes: boolean; client?: string | undefined },
): Promise<void> {
  if (container.removing) {
    throw new BerthError(
      'container-removing',
      `removal of container ${container.id} is already in progress`,
      { id: container.id },
    );
  }
  if (container.running && !options.force) throw stillRunning(container);
  container.removing = true;
  try {
    // Not in the queue: a stop that waits for its timeout must not hold a forced removal back.
    if (options.force) await killRun(parts, lifecycle, { container, client: options.client });
    await container.serial(async () => {
      if (options.force) await killRun(parts, lifecycle, { container, client: options.client });
      lifecycle.dropRestart(container);
      await removeFiles(parts, container);
    });
  } catch (error) {
    container.removing = false;
    throw error;
  }
  parts.registry.delete(container);
  container.signals.emit('removed');
  publishContainer(parts.events, container, 'destroy');
  if (options.volumes) await removeAnonymousVolumes(parts, container);
}

async function killRun(
  parts: ContainerParts,
  lifecycle: Lifecycle,
  { container, client = '' }: { container: Container; client?: string | undefined },
): Promise<void> {
  lifecycle.dropRestart(container);
  const run = container.run;
  if (run === undefined) return;
  await container.change({ stoppedByHand: true });
  container.stopRequest ??= {
    action: 'remove',
    at: nowText(),
    signal: 'SIGKILL',
    timeoutSeconds: null,
    timedOut: false,
    client,
  };
  await run.shim.signal(sigkill, { all: true });
  if (container.state.paused) await setFrozen(parts, container, false);
  await run.finished;
}

async function removeFiles(parts: ContainerParts, container: Container): Promise<void> {
  await container.endWriting();
  await parts.remains.keep(container);
  try {
    await parts.layers.discard(container.files.dir);
    await syncDirectory(parts.files.containers);
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ENOENT') {
      container.removed = false;
      throw error;
    }
  }
}

/** The volumes that were made for this container alone, without a name. */
async function removeAnonymousVolumes(parts: ContainerParts, container: Container): Promise<void> {
  for (const mount of container.definition.mounts) {
    if (!mount.anonymous || mount.name === undefined || !parts.volumes.has(mount.name)) continue;
    if (parts.volumes.usersOf(mount.name).length > 0) continue;
    await parts.volumes.remove(mount.name, { force: true });
  }
}

function stillRunning(container: Container): BerthError {
  const status = container.status === 'running' ? 'running' : container.status;
  return new BerthError(
    'container-running',
    `cannot remove container "/${container.name}": container is ${status}: stop the container before removing or force remove`,
    { id: container.id, name: container.name },
  );
}
