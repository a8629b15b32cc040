import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { NetworkCreateRequest, NetworkInspect } from '../api/networks.ts';
import { BerthError } from '../errors.ts';
import { addon } from '../native/addon/load.ts';
import { formatAddress, freeSubnet, macOf, parseAddress, parseSubnet, type Subnet } from './addresses.ts';
import { type Attached, AttachedContainers, namesFor } from './attached.ts';
import { BridgeNetwork } from './bridge-network.ts';
import { Resolver, resolverAddress } from './dns/resolver.ts';
import { HostPorts, type OpenPort } from './host-ports.ts';
import type {
  AttachRequest,
  DesktopAddresses,
  Endpoint,
  Networks,
  NetworksOptions,
  ResolvRequest,
} from './network.ts';
import { containersOf, describeNetworks } from './network-list.ts';
import { describeRecord, type NetworkRecord, planNetwork } from './network-record.ts';
import { NetworkStore } from './network-store.ts';
import { runNft } from './nft-program.ts';
import { parseResolvConf, planResolvConf, readMachineResolvConf } from './resolv-conf.ts';
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
  const store = options.files === undefined ? undefined : new NetworkStore(options.files);
  try {
    const described = describeNetworks({ ...names, mtu, subnet, instance: options.instance });
    const id = described.find(({ Name }) => Name === 'bridge')?.Id ?? '';
    const main = await BridgeNetwork.open({ id, name: 'bridge', bridge: names.bridge, subnet, mtu });
    await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
    const { guardDesktop } = options;
    const networks = new LinuxNetworks({ table: names.table, mtu, guardDesktop, described, main, store });
    await networks.load();
    return networks;
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

class LinuxNetworks implements Networks {
  readonly #table: string;
  readonly #mtu: number;
  readonly #guardDesktop: DesktopAddresses | undefined;
  /** What list says of the three networks that every engine has. */
  readonly #described: Omit<NetworkInspect, 'Containers'>[];
  readonly #store: NetworkStore | undefined;
  readonly #ports: HostPorts;
  readonly #records = new Map<string, NetworkRecord>();
  readonly #bridges = new Map<string, BridgeNetwork>();
  readonly #attached = new AttachedContainers();
  readonly #resolvers = new Map<string, Resolver>();
  /** Networks are made and removed one after the other: subnets and rules are of all of them. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: {
    table: string;
    mtu: number;
    guardDesktop: DesktopAddresses | undefined;
    described: Omit<NetworkInspect, 'Containers'>[];
    main: BridgeNetwork;
    store: NetworkStore | undefined;
  }) {
    this.#table = options.table;
    this.#mtu = options.mtu;
    this.#guardDesktop = options.guardDesktop;
    this.#described = options.described;
    this.#store = options.store;
    this.#ports = new HostPorts(options.table);
    this.#bridges.set(options.main.id, options.main);
  }

  /** Sets up the user's networks again, and the rules of all. */
  async load(): Promise<void> {
    for (const record of (await this.#store?.load()) ?? []) {
      this.#records.set(record.id, record);
      this.#bridges.set(record.id, await BridgeNetwork.ofRecord(record));
    }
    await this.#writeRules();
  }

  async #writeRules(): Promise<void> {
    const [table, bridges, guardDesktop] = [this.#table, [...this.#bridges.values()], this.#guardDesktop];
    await runNft(['-f', '-'], planRuleset({ table, bridges, guardDesktop }));
  }

  list(): NetworkInspect[] {
    const all = [...this.#described, ...[...this.#records.values()].map(describeRecord)];
    return all.map((network) => ({
      ...network,
      Containers: containersOf(this.#attached.on(network.Id)),
    }));
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

  isNamed(reference: string): boolean {
    return [...this.#bridges.values()].some(
      ({ id, name, named }) => named && (id === reference || name === reference),
    );
  }

  create(request: NetworkCreateRequest): Promise<NetworkInspect> {
    return this.#change(async () => {
      if (this.list().some(({ Name }) => Name === request.Name)) {
        throw new BerthError('network-exists', `network with name ${request.Name} already exists`, {
          name: request.Name,
        });
      }
      const record = planNetwork(request, {
        id: randomBytes(32).toString('hex'),
        mtu: this.#mtu,
        taken: [...readRoutes().map(({ subnet }) => subnet), ...this.#subnets()],
        now: new Date(),
      });
      this.#checkDevice(record.bridge);
      const network = await BridgeNetwork.ofRecord(record);
      try {
        this.#bridges.set(record.id, network);
        await this.#writeRules();
        await this.#store?.add(record);
      } catch (error) {
        this.#bridges.delete(record.id);
        await network.close();
        await this.#writeRules();
        throw error;
      }
      this.#records.set(record.id, record);
      return this.get(record.id);
    });
  }

  #subnets(): Subnet[] {
    return [...this.#bridges.values()].map(({ subnet }) => subnet);
  }

  #checkDevice(name: string): void {
    const isOwn = [...this.#bridges.values()].some(({ bridge }) => bridge === name);
    if (!isOwn && !existsSync(`/sys/class/net/${name}`)) return;
    throw new BerthError('bad-parameter', `invalid interface name: a device ${name} exists already`, {
      name,
    });
  }

  remove(reference: string): Promise<NetworkInspect> {
    return this.#change(async () => {
      const found = this.get(reference);
      const { Id: id, Name: name } = found;
      const network = this.#bridges.get(id);
      if (!this.#records.has(id) || network === undefined) {
        const text = `${name} is a pre-defined network and cannot be removed`;
        throw new BerthError('network-in-use', text, { name, id });
      }
      const [user] = this.#attached.on(id);
      if (user !== undefined) {
        const endpoint = `(name:"${user.containerName}" id:"${user.endpoint.endpointId.slice(0, 12)}")`;
        const text = `error while removing network: network ${name} has active endpoints ${endpoint}`;
        throw new BerthError('network-in-use', text, { name, id, container: user.containerName });
      }
      await this.#store?.remove(id);
      this.#records.delete(id);
      this.#bridges.delete(id);
      await this.#writeRules();
      await network.close();
      return found;
    });
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => {});
    return result;
  }

  async attach(request: AttachRequest): Promise<Endpoint> {
    const { Id: id, Driver: driver } = this.get(request.network);
    const bridge = this.#bridges.get(id);
    if (bridge !== undefined) return await this.#attachBridge(request, bridge);
    if (driver === 'null') await addon.loopbackUp(request.pid);
    const endpoint = emptyEndpoint(id, randomBytes(32).toString('hex'));
    this.#remember(request, { endpoint, address: undefined });
    return endpoint;
  }

  async #attachBridge(request: AttachRequest, network: BridgeNetwork): Promise<Endpoint> {
    const { containerId, containerName } = request;
    const endpointId = randomBytes(32).toString('hex');
    const address = this.#lease(request, network);
    const macAddress = request.macAddress || macOf(address);
    const container = { id: containerId, name: containerName, address, endpoint: endpointId };
    // The first network that leads outside has the default route, and the published ports.
    const leads =
      !network.internal && !this.#attached.of(containerId).some(({ endpoint }) => endpoint.gateway);
    const gateway = leads ? formatAddress(network.pool.gateway) : '';
    const interfaceName = this.#freeInterface(containerId);
    let ports: OpenPort[] = [];
    try {
      ports = this.#ports.claim(container, leads ? request.ports : []);
      await addon.wireContainer({
        pid: request.pid,
        hostName: hostDevice(endpointId),
        peerName: interfaceName,
        bridgeIndex: network.bridgeIndex,
        address: formatAddress(address),
        prefixLength: network.subnet.prefixLength,
        gateway,
        mac: macAddress,
        mtu: network.mtu,
      });
      this.#ports.lead(ports);
    } catch (error) {
      this.#ports.release(ports);
      network.pool.free(address);
      throw error;
    }
    const endpoint: Endpoint = {
      networkId: network.id,
      endpointId,
      ipv4Address: formatAddress(address),
      prefixLength: network.subnet.prefixLength,
      gateway,
      macAddress,
      interfaceName,
      ports: ports.map(({ fd: _fd, address: _address, ...port }) => port),
    };
    this.#remember(request, { endpoint, address });
    await this.#startResolver(request, network);
    return endpoint;
  }

  #freeInterface(containerId: string): string {
    const taken = this.#attached.of(containerId).map(({ endpoint }) => endpoint.interfaceName ?? 'eth0');
    for (let index = 0; ; index++) if (!taken.includes(`eth${index}`)) return `eth${index}`;
  }

  async #startResolver({ containerId, pid }: AttachRequest, network: BridgeNetwork): Promise<void> {
    if (!network.named || this.#resolvers.has(containerId)) return;
    const names = namesFor(containerId, { attached: this.#attached, bridges: this.#bridges });
    this.#resolvers.set(containerId, await Resolver.start(pid, names));
  }

  #lease(request: AttachRequest, network: BridgeNetwork): number {
    const { ipv4Address: asked } = request;
    if (asked && network.named && !this.#records.get(network.id)?.ownSubnet) {
      throw new BerthError(
        'bad-parameter',
        `invalid endpoint settings: user specified IP address is supported only when connecting to networks with user configured subnets`,
        { network: request.network, address: asked },
      );
    }
    try {
      return asked ? network.pool.take(parseAddress(asked)) : network.pool.next();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new BerthError('start-failed', message, { network: request.network }, { cause: error });
    }
  }

  async detach(containerId: string): Promise<void> {
    const all = this.#attached.of(containerId);
    this.#attached.removeContainer(containerId);
    this.#resolvers.get(containerId)?.close();
    this.#resolvers.delete(containerId);
    this.#ports.releaseContainer(containerId);
    for (const attached of all) this.#freeAddress(attached);
  }

  #freeAddress({ endpoint, address }: Attached): void {
    if (address !== undefined) this.#bridges.get(endpoint.networkId)?.pool.free(address);
  }

  async disconnect({ containerId, network, pid }: Pick<AttachRequest, 'containerId' | 'network' | 'pid'>) {
    const { Id: id } = this.get(network);
    const found = this.#attached.of(containerId).find(({ endpoint }) => endpoint.networkId === id);
    if (found === undefined) return;
    this.#attached.remove(found);
    if (found.endpoint.ports.length > 0) this.#ports.releaseContainer(containerId);
    this.#freeAddress(found);
    // Its other end, in the container, goes with it.
    if (found.address !== undefined) await addon.deleteLink(hostDevice(found.endpoint.endpointId));
    if (found.endpoint.gateway) await this.#leadElsewhere(containerId, pid);
  }

  /** The default route went with its network: another one that leads outside takes over. */
  async #leadElsewhere(containerId: string, pid: number): Promise<void> {
    for (const { endpoint } of this.#attached.of(containerId)) {
      const bridge = this.#bridges.get(endpoint.networkId);
      if (bridge === undefined || bridge.internal) continue;
      const gateway = formatAddress(bridge.pool.gateway);
      await addon.defaultRoute({ pid, gateway });
      endpoint.gateway = gateway;
      return;
    }
  }

  rename(containerId: string, { from, to }: { from: string; to: string }): void {
    for (const attached of this.#attached.of(containerId)) {
      attached.containerName = to;
      attached.names = attached.names.map((name) => (name === from.toLowerCase() ? to.toLowerCase() : name));
    }
  }

  async adopt({ endpoint, ...request }: AttachRequest & { endpoint: Endpoint }): Promise<void> {
    const address = endpoint.ipv4Address === '' ? undefined : parseAddress(endpoint.ipv4Address);
    const network = this.#bridges.get(endpoint.networkId);
    if (address !== undefined) {
      network?.pool.take(address);
      const container = { id: request.containerId, name: request.containerName, address };
      this.#ports.adopt(container, endpoint.ports);
    }
    this.#remember(request, { endpoint, address });
    // A container that ends just now has no namespace any more; its exit is told anyway.
    if (network !== undefined) await this.#startResolver(request, network).catch(() => {});
  }

  async settle(): Promise<void> {
    await this.#ports.sweep();
  }

  ports() {
    return this.#ports.list();
  }

  resolvConf(request: ResolvRequest): string {
    const { servers, search, options, named } = request;
    const machine = readMachineResolvConf();
    if (named) {
      const own = options?.some((word) => word.startsWith('ndots:'))
        ? options
        : [...(options ?? []), 'ndots:0'];
      return planResolvConf({ machine, isolated: true, servers: [resolverAddress], search, options: own });
    }
    const isolated = request.network !== 'host';
    return planResolvConf({ machine, isolated, servers, search, options });
  }

  async close({ remove = false } = {}): Promise<void> {
    for (const resolver of this.#resolvers.values()) resolver.close();
    this.#resolvers.clear();
    if (!remove) return;
    for (const containerId of this.#attached.ids()) await this.detach(containerId);
    await runNft(['delete', 'table', 'inet', this.#table]);
    for (const network of this.#bridges.values()) await network.close();
  }

  #remember(request: AttachRequest, place: { endpoint: Endpoint; address: number | undefined }): void {
    const { containerId, containerName, names = [], servers } = request;
    this.#attached.add({
      ...place,
      containerId,
      containerName,
      names: names.map((name) => name.toLowerCase()),
      servers: servers?.length ? servers : parseResolvConf(readMachineResolvConf()).servers,
    });
  }
}

/** Of the endpoint, not of the container: the device of its last run may not be gone yet. */
function hostDevice(endpointId: string): string {
  return `veth${endpointId.slice(0, 11)}`;
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
