import type { ContainerConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { Container } from './container.ts';
import type { ContainerDefinition } from './definition.ts';
import type { ContainerParts } from './parts.ts';

type Joined = { network?: number; ipc?: number; pid?: number };

/** The container that a mode `container:<id>` names; undefined for any other mode. */
export function joinedReference(mode: string | null | undefined): string | undefined {
  return mode?.startsWith('container:') ? mode.slice('container:'.length) : undefined;
}

/** Pids whose namespaces a container joins. Throws container-not-running, and bad-parameter for an IPC that is not shared. */
export function joinedNamespaces(parts: ContainerParts, container: Container): Joined {
  const { NetworkMode, IpcMode, PidMode } = container.definition.hostConfig;
  const joined: Joined = {};
  const network = joinedReference(NetworkMode);
  if (network !== undefined) joined.network = pidOf(parts, network, 'network');
  const ipc = joinedReference(IpcMode);
  if (ipc !== undefined) {
    checkShareable(parts.registry.get(ipc));
    joined.ipc = pidOf(parts, ipc, 'IPC');
  }
  const pid = joinedReference(PidMode);
  if (pid !== undefined) joined.pid = pidOf(parts, pid, 'PID');
  return joined;
}

function pidOf(parts: ContainerParts, reference: string, what: string): number {
  const other = parts.registry.get(reference);
  if (other.run !== undefined) return other.run.shim.pid;
  throw new BerthError(
    'container-not-running',
    `cannot join ${what} namespace of a non running container: container ${other.id} is not running`,
    { id: other.id },
  );
}

function checkShareable({ id, definition }: Container): void {
  const mode = definition.hostConfig.IpcMode ?? '';
  if (mode === 'shareable' || joinedReference(mode) !== undefined) return;
  throw new BerthError(
    'bad-parameter',
    `cannot join IPC of container ${id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
    { id, mode },
  );
}

/**
 * The modes with the full ids of the containers that they name: a rename must lead nowhere else. Throws
 * bad-parameter for one that is not there.
 */
export function resolveModes(
  parts: ContainerParts,
  hostConfig: ContainerDefinition['hostConfig'],
): ContainerDefinition['hostConfig'] {
  const resolved = <Mode extends string | null | undefined>(what: string, mode: Mode): Mode | string => {
    const reference = joinedReference(mode);
    if (reference === undefined) return mode;
    const found = parts.registry.find(reference);
    if (found !== undefined) return `container:${found.id}`;
    // Not 404: the docker command would take it for a missing image, and pull.
    const text = `joining ${what} namespace of container: No such container: ${reference}`;
    throw new BerthError('bad-parameter', text, { id: reference });
  };
  return {
    ...hostConfig,
    NetworkMode: resolved('network', hostConfig.NetworkMode),
    IpcMode: resolved('IPC', hostConfig.IpcMode),
    PidMode: resolved('PID', hostConfig.PidMode),
  };
}

/** Throws bad-parameter, in Docker's words, for options that a network mode leaves no room for. */
export function checkNetworkMode(
  config: ContainerConfig,
  hostConfig: ContainerDefinition['hostConfig'],
): void {
  if (joinedReference(hostConfig.NetworkMode) === undefined) return;
  const conflict = (what: string) =>
    new BerthError('bad-parameter', `conflicting options: ${what} and the container type network mode`, {
      networkMode: hostConfig.NetworkMode,
    });
  if (config.Hostname) throw conflict('hostname');
  if (hostConfig.Links?.length) throw conflict('links');
  if (hostConfig.Dns?.length) throw conflict('dns');
  if (hostConfig.ExtraHosts?.length) throw conflict('custom host-to-IP mapping');
  if (config.MacAddress) throw conflict('mac-address');
  if (Object.keys(hostConfig.PortBindings ?? {}).length > 0 || hostConfig.PublishAllPorts) {
    throw conflict('port publishing');
  }
}
