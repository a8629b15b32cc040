import type { AttachRequest, Endpoint } from '../network/network.ts';
import type { Container } from './container.ts';
import type { ContainerDefinition } from './definition.ts';
import { joinedReference } from './joined-namespaces.ts';
import type { ContainerParts } from './parts.ts';
import { requestedPorts } from './ports.ts';

/** The id of the container whose network is shared (`container:<id>`), else undefined. */
export function sharedNetwork(container: Container): string | undefined {
  return joinedReference(container.definition.hostConfig.NetworkMode);
}

/** Names of the networks that a container is on, the one of its NetworkMode first; none with another's network. */
export function networksOf(definition: ContainerDefinition): string[] {
  const mode = definition.hostConfig.NetworkMode;
  if (joinedReference(mode) !== undefined || definition.withoutNetwork) return [];
  const names = Object.keys(definition.endpoints);
  const first = names.includes(mode) || names.length === 0 ? [mode] : [];
  return [...first, ...names.filter((name) => name !== mode)];
}

/** Names by which others of a user's network find a container. */
export function namesOn(definition: ContainerDefinition, network: string): string[] {
  const aliases = definition.endpoints[network]?.Aliases ?? [];
  return [...new Set([definition.name, ...aliases, definition.id.slice(0, 12)])];
}

/** What is asked of each network of a container; empty for a shared one. */
export function attachRequests(
  parts: Pick<ContainerParts, 'defaults'>,
  container: Container,
  pid: number,
): AttachRequest[] {
  return networksOf(container.definition).map((network) => attachRequest(parts, container, { network, pid }));
}

export function attachRequest(
  parts: Pick<ContainerParts, 'defaults'>,
  { definition }: Container,
  { network, pid }: { network: string; pid: number },
): AttachRequest {
  const { config, hostConfig } = definition;
  const endpoint = definition.endpoints[network];
  const address = endpoint?.IPAMConfig?.IPv4Address;
  const isFirst = network === hostConfig.NetworkMode;
  const mac = endpoint?.MacAddress || (isFirst ? config.MacAddress : '');
  const servers = hostConfig.Dns?.length ? hostConfig.Dns : parts.defaults.dns;
  return {
    containerId: definition.id,
    containerName: definition.name,
    network,
    pid,
    ports: network === 'none' || network === 'host' ? [] : requestedPorts(config, hostConfig),
    names: namesOn(definition, network),
    servers,
    ...(mac ? { macAddress: mac } : {}),
    ...(address ? { ipv4Address: address } : {}),
  };
}

/** Wires a container that waits before its exec; what was wired is given back when a later network fails. */
export async function attachNetworks(
  parts: ContainerParts,
  container: Container,
  pid: number,
): Promise<Record<string, Endpoint>> {
  const endpoints: Record<string, Endpoint> = {};
  try {
    for (const request of attachRequests(parts, container, pid)) {
      endpoints[request.network] = await parts.networks.attach(request);
    }
  } catch (error) {
    await parts.networks.detach(container.id);
    throw error;
  }
  return endpoints;
}
