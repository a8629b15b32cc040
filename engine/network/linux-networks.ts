import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { NetworkInspect } from '../api/networks.ts';
import { BerthError } from '../errors.ts';
import { addon } from '../native/addon/load.ts';
import { AddressPool } from './address-pool.ts';
import { formatAddress, freeSubnet, macOf, parseAddress, parseSubnet, type Subnet } from './addresses.ts';
import { HostPorts } from './host-ports.ts';
import type { AttachRequest, Endpoint, Networks, NetworksOptions } from './network.ts';
import { type AttachedContainer, describeNetworks } from './network-list.ts';
import { runNft } from './nft-program.ts';
import { planResolvConf, readMachineResolvConf } from './resolv-conf.ts';
import { readRoutes } from './routes.ts';
import { planRuleset } from './ruleset.ts';

const defaultMtu = 1500;

/**
 * Sets up an instance's bridge and nftables table (again, where they stand already: running containers notice nothing)
 * and opens its networks. Needs root and the program `nft`. Throws start-failed with what is missing.
 */
export async function openNetworks(options: NetworksOptions): Promise<Networks> {
  const names = namesOf(options.instance);
  const subnet = chooseSubnet(options, names.bridge);
  const mtu = options.mtu ?? defaultMtu;
  const pool = new AddressPool(subnet);
  try {
    const bridgeIndex = await addon.ensureBridge({
      name: names.bridge,
      address: formatAddress(pool.gateway),
      prefixLength: subnet.prefixLength,
      mtu,
    });
    await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
    await runNft(['-f', '-'], planRuleset({ ...names, subnet, guardDesktop: options.guardDesktop }));
    return new LinuxNetworks({ ...names, pool, mtu, bridgeIndex, instance: options.instance });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new BerthError(
      'start-failed',
      `cannot set up the network ${names.bridge}: ${message}`,
      {},
      { cause: error },
    );
  }
}

/** Names of devices hold 15 characters at most. */
function namesOf(instance: string): { bridge: string; table: string } {
  const hash = createHash('sha256').update(instance).digest('hex').slice(0, 12);
  const named = instance === 'default' ? 'berth0' : `br-${instance}`;
  return { bridge: named.length <= 15 ? named : `br-${hash}`, table: `berth-${instance}` };
}

function chooseSubnet(options: NetworksOptions, bridge: string): Subnet {
  if (options.subnet !== undefined) return parseSubnet(options.subnet);
  const routes = readRoutes();
  const own = routes.find((route) => route.device === bridge);
  const free = own?.subnet ?? freeSubnet(routes.map((route) => route.subnet));
  if (free) return free;
  const message = 'could not find an available, non-overlapping IPv4 address pool among the defaults';
  throw new BerthError('start-failed', message);
}

interface Attached extends AttachedContainer {
  /** Undefined on networks without addresses. */
  address: number | undefined;
}

class LinuxNetworks implements Networks {
  #bridge: string;
  #table: string;
  #bridgeIndex: number;
  #mtu: number;
  #pool: AddressPool;
  #ports: HostPorts;
  #attached = new Map<string, Attached>();
  #describe: (attached: Iterable<AttachedContainer>) => NetworkInspect[];

  constructor(options: {
    instance: string;
    bridge: string;
    table: string;
    bridgeIndex: number;
    mtu: number;
    pool: AddressPool;
  }) {
    this.#bridge = options.bridge;
    this.#table = options.table;
    this.#bridgeIndex = options.bridgeIndex;
    this.#mtu = options.mtu;
    this.#pool = options.pool;
    this.#ports = new HostPorts(options.table);
    this.#describe = describeNetworks({
      ...options,
      subnet: options.pool.subnet,
      gateway: options.pool.gateway,
    });
  }

  list(): NetworkInspect[] {
    return this.#describe(this.#attached.values());
  }

  get(reference: string): NetworkInspect {
    const all = this.list();
    const name = reference === 'default' ? 'bridge' : reference;
    const exact = all.find((network) => network.Id === reference || network.Name === name);
    const byPrefix = reference === '' ? [] : all.filter((network) => network.Id.startsWith(reference));
    const found = exact ?? (byPrefix.length === 1 ? byPrefix[0] : undefined);
    if (!found)
      throw new BerthError('network-not-found', `network ${reference} not found`, { network: reference });
    return found;
  }

  async attach(request: AttachRequest): Promise<Endpoint> {
    const network = this.get(request.network);
    const endpointId = randomBytes(32).toString('hex');
    if (network.Driver === 'bridge') return await this.#attachBridge(request, network.Id, endpointId);
    if (network.Driver === 'null') await addon.loopbackUp(request.pid);
    const endpoint = emptyEndpoint(network.Id, endpointId);
    this.#remember(request, endpoint, undefined);
    return endpoint;
  }

  async #attachBridge(request: AttachRequest, networkId: string, endpointId: string): Promise<Endpoint> {
    const { containerId, containerName } = request;
    const address = this.#lease(request);
    const macAddress = request.macAddress || macOf(address);
    const container = { id: containerId, name: containerName, address, endpoint: endpointId };
    try {
      const ports = this.#ports.claim(container, request.ports);
      await addon.wireContainer({
        pid: request.pid,
        // Of the endpoint, not of the container: the device of its last run may not be gone yet.
        hostName: `veth${endpointId.slice(0, 11)}`,
        peerName: 'eth0',
        bridgeIndex: this.#bridgeIndex,
        address: formatAddress(address),
        prefixLength: this.#pool.subnet.prefixLength,
        gateway: formatAddress(this.#pool.gateway),
        mac: macAddress,
        mtu: this.#mtu,
      });
      this.#ports.lead(ports);
    } catch (error) {
      this.#ports.releaseContainer(containerId);
      this.#pool.free(address);
      throw error;
    }
    const endpoint: Endpoint = {
      networkId,
      endpointId,
      ipv4Address: formatAddress(address),
      prefixLength: this.#pool.subnet.prefixLength,
      gateway: formatAddress(this.#pool.gateway),
      macAddress,
      ports: this.#ports.list().filter((port) => port.containerId === containerId),
    };
    this.#remember(request, endpoint, address);
    return endpoint;
  }

  #lease(request: AttachRequest): number {
    try {
      return request.ipv4Address ? this.#pool.take(parseAddress(request.ipv4Address)) : this.#pool.next();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new BerthError('start-failed', message, { network: request.network }, { cause: error });
    }
  }

  async detach(containerId: string): Promise<void> {
    const attached = this.#attached.get(containerId);
    if (!attached) return;
    this.#attached.delete(containerId);
    this.#ports.releaseContainer(containerId);
    if (attached.address !== undefined) this.#pool.free(attached.address);
  }

  async adopt({ endpoint, ...request }: AttachRequest & { endpoint: Endpoint }): Promise<void> {
    const address = endpoint.ipv4Address === '' ? undefined : parseAddress(endpoint.ipv4Address);
    if (address !== undefined) {
      this.#pool.take(address);
      const container = { id: request.containerId, name: request.containerName, address };
      this.#ports.adopt(container, endpoint.ports);
    }
    this.#remember(request, endpoint, address);
  }

  async settle(): Promise<void> {
    await this.#ports.sweep();
  }

  ports() {
    return this.#ports.list();
  }

  resolvConf(request: {
    network: string;
    servers?: string[];
    search?: string[];
    options?: string[];
  }): string {
    const { servers, search, options } = request;
    const isolated = request.network !== 'host';
    return planResolvConf({ machine: readMachineResolvConf(), isolated, servers, search, options });
  }

  async close({ remove = false } = {}): Promise<void> {
    for (const containerId of [...this.#attached.keys()]) {
      if (remove) await this.detach(containerId);
    }
    if (!remove) return;
    await runNft(['delete', 'table', 'inet', this.#table]);
    await addon.deleteLink(this.#bridge);
  }

  #remember(request: AttachRequest, endpoint: Endpoint, address: number | undefined): void {
    const { containerId, containerName } = request;
    this.#attached.set(containerId, { containerId, containerName, endpoint, address });
  }
}

function emptyEndpoint(networkId: string, endpointId: string): Endpoint {
  return {
    networkId,
    endpointId,
    ipv4Address: '',
    prefixLength: 0,
    gateway: '',
    macAddress: '',
    ports: [],
  };
}
