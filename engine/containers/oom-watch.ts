import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cgroupDirectory, readControlTable } from './cgroup-files.ts';
import type { Container, Run } from './container.ts';
import { publishContainer } from './container-events.ts';
import type { ContainerParts } from './parts.ts';

/** Version 1 tells its count only to those who ask. */
const lookMs = 2000;

/**
 * Tells when the kernel kills a process of a container for want of memory: the `oom` event, and State.OOMKilled. It may
 * hit one of many processes, after which the container goes on. Ends with the run; what happens last is told with the
 * exit, by `recordExit`.
 */
export async function watchOutOfMemory(parts: ContainerParts, container: Container, run: Run): Promise<void> {
  const over = new AbortController();
  void run.shim.exited.then(() => over.abort());
  const look = async () => {
    const kills = await countKills(parts, container);
    if (kills > container.oomKillsTold && container.run === run)
      await tellOutOfMemory(parts, container, kills);
  };
  try {
    if (parts.host.cgroupVersion === 2) await followEvents(parts, container, { look, signal: over.signal });
    else if (container.definition.hostConfig.Memory) await askAgain(look, over.signal);
  } catch (error) {
    if (!over.signal.aborted) parts.log(`container ${container.id}: its memory is not watched`, error);
  }
}

/** Tells kills that were not told yet; `kills` is the count of the whole run. */
export async function tellOutOfMemory(
  parts: ContainerParts,
  container: Container,
  kills: number,
): Promise<void> {
  container.oomKillsTold = kills;
  publishContainer(parts.events, container, 'oom');
  await container.change({ oomKilled: true });
}

async function countKills(parts: ContainerParts, container: Container): Promise<number> {
  const at = cgroupDirectory(parts, container, 'memory');
  const file = parts.host.cgroupVersion === 2 ? 'memory.events' : 'memory.oom_control';
  return (await readControlTable(at, file)).oom_kill ?? 0;
}

/** The kernel tells changes of memory.events as modifications of the file. */
async function followEvents(
  parts: ContainerParts,
  container: Container,
  { look, signal }: { look: () => Promise<void>; signal: AbortSignal },
): Promise<void> {
  const watcher = watch(join(cgroupDirectory(parts, container, 'memory'), 'memory.events'), {
    signal,
    persistent: false,
  });
  watcher.on('error', () => watcher.close());
  watcher.on('change', () => void look().catch(() => {}));
  await look();
}

async function askAgain(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(lookMs, undefined, { signal, ref: false });
    await look();
  }
}
