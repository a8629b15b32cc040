import { watch } from 'node:fs';
import { join } from 'node:path';
import { BerthError } from '../errors.ts';
import { cgroupDirectory, readControl, readControlTable, writeControl } from './cgroup-files.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { ContainerParts } from './parts.ts';

/** Freezes or thaws all processes of a container, and waits until the kernel says so. */
export async function setFrozen(parts: ContainerParts, container: Container, frozen: boolean): Promise<void> {
  const directory = cgroupDirectory(parts, container, 'freezer');
  if (parts.host.cgroupVersion === 2) {
    await writeControl(directory, 'cgroup.freeze', frozen ? '1' : '0');
    await frozenState(directory, frozen);
  } else {
    // Version 1 freezes while its file is being read: each look at FREEZING goes on with it.
    await writeControl(directory, 'freezer.state', frozen ? 'FROZEN' : 'THAWED');
    const wanted = frozen ? 'FROZEN' : 'THAWED';
    while (((await readControl(directory, 'freezer.state')) ?? wanted).trim() !== wanted) {
      await writeControl(directory, 'freezer.state', wanted);
    }
  }
  await container.change({ paused: frozen });
}

/** cgroup.events is poll-able: the kernel tells its changes as modifications of the file. */
async function frozenState(directory: string, frozen: boolean): Promise<void> {
  const wanted = frozen ? 1 : 0;
  const watcher = watch(join(directory, 'cgroup.events'));
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => watcher.once('change', () => resolve()));
      const state = (await readControlTable(directory, 'cgroup.events')).frozen;
      if (state === undefined || state === wanted) return;
      await changed;
    }
  } finally {
    watcher.close();
  }
}

export async function pause(parts: ContainerParts, container: Container): Promise<void> {
  await container.serial(async () => {
    if (container.run === undefined) throw notRunning(container);
    if (container.state.paused) {
      throw new BerthError('container-paused', `Container ${container.name} is already paused`, {
        id: container.id,
      });
    }
    await setFrozen(parts, container, true);
    publishContainer(parts.events, container, 'pause');
  });
}

export async function unpause(parts: ContainerParts, container: Container): Promise<void> {
  await container.serial(async () => {
    if (container.run === undefined || !container.state.paused) {
      throw new BerthError('container-not-paused', `Container ${container.name} is not paused`, {
        id: container.id,
      });
    }
    await setFrozen(parts, container, false);
    publishContainer(parts.events, container, 'unpause');
  });
}

export function notRunning(container: Container): BerthError {
  return new BerthError('container-not-running', `container ${container.id} is not running`, {
    id: container.id,
  });
}
