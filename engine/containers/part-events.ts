import type { Endpoint } from '../network/network.ts';
import type { Container } from './container.ts';
import type { ContainerParts } from './parts.ts';

/** Tells of the networks that a run is given and gives back, as Docker does around its start and its end. */
export function publishNetworks(
  parts: ContainerParts,
  container: Container,
  options: { action: 'connect' | 'disconnect'; endpoints: Record<string, Endpoint> },
): void {
  const { action, endpoints } = options;
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const type = parts.networks.list().find(({ Id }) => Id === endpoint.networkId)?.Driver ?? 'bridge';
    parts.events.publish('network', action, endpoint.networkId, { container: container.id, name, type });
  }
}

/** Tells of the volumes of a run, as publishNetworks does of its networks. */
export function publishVolumes(
  parts: ContainerParts,
  container: Container,
  action: 'mount' | 'unmount',
): void {
  for (const mount of container.definition.mounts) {
    if (mount.type !== 'volume' || mount.name === undefined) continue;
    const use = {
      destination: mount.destination,
      driver: 'local',
      propagation: mount.propagation,
      'read/write': String(!mount.readOnly),
    };
    const attributes = action === 'mount' ? use : { driver: 'local' };
    parts.events.publish('volume', action, mount.name, { container: container.id, ...attributes });
  }
}
