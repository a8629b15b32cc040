import type { BridgeNetwork } from './bridge-network.ts';
import type { Names } from './dns/resolver.ts';
import type { Endpoint } from './network.ts';

/** A container on one network. */
export interface Attached {
  containerId: string;
  containerName: string;
  endpoint: Endpoint;
  /** Undefined on networks without addresses. */
  address: number | undefined;
  /** Names by which others of the network find it, lower case; its own first. */
  names: string[];
  /** Servers for names that no network knows. */
  servers: string[];
}

/** Who is on which network, by container and in the order of attaching. */
export class AttachedContainers {
  readonly #byContainer = new Map<string, Attached[]>();

  of(containerId: string): Attached[] {
    return this.#byContainer.get(containerId) ?? [];
  }

  all(): Attached[] {
    return [...this.#byContainer.values()].flat();
  }

  on(networkId: string): Attached[] {
    return this.all().filter(({ endpoint }) => endpoint.networkId === networkId);
  }

  add(attached: Attached): void {
    this.#byContainer.set(attached.containerId, [...this.of(attached.containerId), attached]);
  }

  remove(attached: Attached): void {
    const left = this.of(attached.containerId).filter((other) => other !== attached);
    if (left.length > 0) this.#byContainer.set(attached.containerId, left);
    else this.#byContainer.delete(attached.containerId);
  }

  removeContainer(containerId: string): void {
    this.#byContainer.delete(containerId);
  }

  ids(): string[] {
    return [...this.#byContainer.keys()];
  }
}

/** What a container's name server answers: names of all containers on its own networks, as they are at the question. */
export function namesFor(
  containerId: string,
  parts: { attached: AttachedContainers; bridges: ReadonlyMap<string, BridgeNetwork> },
): Names {
  const { attached, bridges } = parts;
  const own = () =>
    attached.of(containerId).flatMap(({ endpoint }) => {
      const network = bridges.get(endpoint.networkId);
      return network?.named ? [network] : [];
    });
  return {
    addressesOf(name) {
      const found = own().flatMap((network) => {
        const suffix = `.${network.name.toLowerCase()}`;
        const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
        return attached
          .on(network.id)
          .filter(({ names }) => names.includes(name) || names.includes(bare))
          .map(({ endpoint }) => endpoint.ipv4Address);
      });
      return found.length > 0 ? found : undefined;
    },
    nameOf(address) {
      for (const network of own()) {
        const peer = attached.on(network.id).find(({ endpoint }) => endpoint.ipv4Address === address);
        if (peer !== undefined) return `${peer.containerName}.${network.name}`;
      }
      return undefined;
    },
    get servers() {
      const isolated = own().every(({ internal }) => internal);
      return isolated ? [] : (attached.of(containerId)[0]?.servers ?? []);
    },
  };
}
