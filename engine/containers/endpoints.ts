import type { AttachRequest, Endpoint } from '../network/network.ts';
import type { Container } from './container.ts';
import { joinedReference } from './joined-namespaces.ts';
import type { ContainerParts } from './parts.ts';
import { requestedPorts } from './ports.ts';

/** The id of the container whose network is shared (`container:<id>`), else undefined. */
export function sharedNetwork(container: Container): string | undefined {
  return joinedReference(container.definition.hostConfig.NetworkMode);
}

/** What is asked of each network of a container; empty for a shared one. */
export function attachRequests(container: Container, pid: number): AttachRequest[] {
  const { definition } = container;
  const mode = definition.hostConfig.NetworkMode;
  if (sharedNetwork(container) !== undefined) return [];
  const endpoint = definition.endpoints[mode];
  const address = endpoint?.IPAMConfig?.IPv4Address;
  const mac = endpoint?.MacAddress || definition.config.MacAddress;
  return [
    {
      containerId: definition.id,
      containerName: definition.name,
      network: mode,
      pid,
      ports:
        mode === 'none' || mode === 'host' ? [] : requestedPorts(definition.config, definition.hostConfig),
      ...(mac ? { macAddress: mac } : {}),
      ...(address ? { ipv4Address: address } : {}),
    },
  ];
}

/** Wires a container that waits before its exec; what was wired is given back when a later network fails. */
export async function attachNetworks(
  parts: ContainerParts,
  container: Container,
  pid: number,
): Promise<Record<string, Endpoint>> {
  const endpoints: Record<string, Endpoint> = {};
  try {
    for (const request of attachRequests(container, pid)) {
      endpoints[request.network] = await parts.networks.attach(request);
    }
  } catch (error) {
    await parts.networks.detach(container.id);
    throw error;
  }
  return endpoints;
}
