import { readdir } from 'node:fs/promises';
import type { ExitStatus } from '../runtime/runtime.ts';
import { readJson } from '../store/json-file.ts';
import { cgroupPath } from './cgroup-files.ts';
import { Container } from './container.ts';
import { initialState, nowText, type StoredState } from './container-state.ts';
import type { ContainerDefinition } from './definition.ts';
import { attachRequests } from './endpoints.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ContainerParts } from './parts.ts';
import { removeContainer } from './remove.ts';
import { wantsStartWithEngine } from './restart-policy.ts';

/** Exit code of a container whose end nobody saw: power cut, or its shim killed. As Docker. */
const lostExitCode = 255;

/** Reads the definitions, without touching a process: names and references are complete after it. */
export async function loadContainers(parts: ContainerParts): Promise<void> {
  for (const id of await readdir(parts.files.containers)) {
    const files = parts.files.container(id);
    try {
      const definition = (await readJson(files.definition)) as ContainerDefinition | undefined;
      if (definition === undefined) continue;
      const state = (await storedState(files.state)) ?? initialState();
      parts.registry.add(new Container({ definition, state, files }));
    } catch (error) {
      parts.log(`container ${id}: its definition cannot be read; it is left as it is`, error);
    }
  }
}

/** state.json, which is not synced: a power cut leaves that of a new container empty, which has not run then. */
async function storedState(path: string): Promise<StoredState | undefined> {
  const stored = await readJson(path).catch((error) => {
    if (!(error instanceof SyntaxError)) throw error;
  });
  return stored as StoredState | undefined;
}

/**
 * Takes over what an earlier engine left: running containers go on, exits that happened meanwhile are recorded and
 * told, `--rm` and restart policies are honoured.
 */
export async function adoptContainers(parts: ContainerParts, lifecycle: Lifecycle): Promise<void> {
  await Promise.all(
    parts.registry
      .all()
      .map((container) =>
        container
          .serial(() => adoptOne(parts, lifecycle, container))
          .catch((error) => parts.log(`container ${container.id}: could not be taken over`, error)),
      ),
  );
}

async function adoptOne(parts: ContainerParts, lifecycle: Lifecycle, container: Container): Promise<void> {
  const { phase } = container.state;
  const shim = await parts.runtime.adopt({
    id: container.id,
    stdin: container.definition.config.OpenStdin ?? false,
    cgroup: cgroupPath(parts, container.definition),
  });
  if (shim?.phase === 'created') {
    // The earlier engine ended between creating and starting: nobody was told of a start.
    await shim.delete();
    await parts.networks.detach(container.id);
    const earlier = container.state.finishedAt === initialState().finishedAt ? 'created' : 'exited';
    await container.change({ phase: earlier, pid: 0, endpoints: {} });
  } else if (shim !== undefined) {
    const startedAt = phase === 'running' ? container.state.startedAt : nowText();
    if (shim.phase === 'running') await adoptNetworks(parts, container, shim.pid);
    await container.change({ phase: 'running', startedAt, pid: shim.pid });
    lifecycle.adopt(container, { shim, startedAtMs: Date.parse(startedAt), told: Promise.resolve() });
    return;
  } else if (phase === 'running' || phase === 'starting') {
    const status = await storedExit(container);
    await lifecycle.recordExit(container, status, Date.parse(container.state.startedAt));
    return;
  }
  await settle(parts, lifecycle, container);
}

/** What becomes of a container that rests. */
async function settle(parts: ContainerParts, lifecycle: Lifecycle, container: Container): Promise<void> {
  const { hostConfig } = container.definition;
  const { phase, stoppedByHand } = container.state;
  if (hostConfig.AutoRemove && phase === 'exited') {
    // After this step of the queue: removal is one of its own.
    void removeContainer(parts, lifecycle, container, { force: false, volumes: true }).catch((error) =>
      parts.log(`container ${container.id}: could not be removed after its end`, error),
    );
  } else if (wantsStartWithEngine({ hostConfig, stoppedByHand, phase })) {
    lifecycle.startByPolicy(container);
  }
}

async function adoptNetworks(parts: ContainerParts, container: Container, pid: number): Promise<void> {
  for (const request of attachRequests(parts, container, pid)) {
    const endpoint = container.state.endpoints[request.network];
    if (endpoint !== undefined) await parts.networks.adopt({ ...request, endpoint });
  }
}

async function storedExit(container: Container): Promise<ExitStatus> {
  const stored = (await readJson(container.files.exit).catch(() => undefined)) as ExitStatus | undefined;
  const lost = {
    exitCode: lostExitCode,
    signal: 0,
    oomKilled: false,
    finishedAt: nowText(),
    lost: true,
  } as const;
  return stored ?? lost;
}
