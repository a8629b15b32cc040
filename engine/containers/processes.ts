import { readdir, readlink } from 'node:fs/promises';
import type { ContainerProcess, NamespaceKind } from '../api/processes.ts';
import { BerthError } from '../errors.ts';
import { signalProcess } from '../runtime/signal-process.ts';
import { containerPids } from './cgroup-usage.ts';
import type { Container } from './container.ts';
import { notRunning } from './freezer.ts';
import type { ContainerParts } from './parts.ts';
import { parseSignal } from './signals.ts';
import { readProcess, readTopMachine } from './top.ts';

/** All processes of a running container. */
export async function listProcesses(
  parts: ContainerParts,
  container: Container,
): Promise<ContainerProcess[]> {
  if (container.run === undefined) throw notRunning(container);
  const machine = await readTopMachine();
  const pids = await containerPids(parts, container);
  const rows = await Promise.all(
    pids.map(async (pid): Promise<ContainerProcess | undefined> => {
      const [facts, namespaces] = await Promise.all([readProcess(pid, machine), readNamespaces(pid)]);
      if (facts === undefined) return undefined;
      const { innerPid, uid, user, state, threads, cpuSeconds, residentBytes, command } = facts;
      return {
        ...{ pid, innerPid, parentPid: facts.ppid, uid, user, state, threads, cpuSeconds, residentBytes },
        startedAt: new Date(facts.startedAt * 1000).toISOString(),
        command,
        namespaces,
      };
    }),
  );
  return rows.filter((row) => row !== undefined);
}

/** `pid:[4026531836]` behind each link. */
async function readNamespaces(pid: number): Promise<ContainerProcess['namespaces']> {
  const names = await readdir(`/proc/${pid}/ns`).catch(() => []);
  const pairs = await Promise.all(
    names
      .filter((name) => !name.endsWith('_for_children'))
      .map(async (name) => {
        const target = await readlink(`/proc/${pid}/ns/${name}`).catch(() => '');
        return [name as NamespaceKind, Number(/\d+/.exec(target)?.[0] ?? 0)] as const;
      }),
  );
  return Object.fromEntries(pairs);
}

/** Sends a signal to one process of a container, by its pid in the machine. */
export async function signalOneProcess(
  parts: ContainerParts,
  container: Container,
  options: { pid: number; signal: string },
): Promise<void> {
  const signal = parseSignal(options.signal);
  if (container.run === undefined) throw notRunning(container);
  const sent = await signalProcess(options.pid, {
    signal,
    isWanted: async () => (await containerPids(parts, container)).includes(options.pid),
  });
  if (sent) return;
  throw new BerthError('path-not-found', `container ${container.id} has no process ${options.pid}`, {
    path: String(options.pid),
  });
}
