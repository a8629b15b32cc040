import type { NetworkCreateRequest, NetworkInspect } from '../api/networks.ts';
import type { PublishedPort } from '../api/system.ts';
import type { EngineFiles } from '../store/files.ts';

/**
 * The engine's networks: `bridge` (the default), `none`, `host`, and the user's own. The kernel is spoken to by
 * netlink from the addon; nftables rules stand in one table named after the instance.
 */
export interface Networks {
  list(): NetworkInspect[];
  /** By id, unique id prefix or name; throws network-not-found. */
  get(reference: string): NetworkInspect;
  /**
   * Wires a container that is created and not yet started: veth into the network namespace of `pid`, address, route,
   * published ports. Throws port-in-use with Docker's words ("Bind for 0.0.0.0:80 failed: port is already allocated").
   */
  attach(request: AttachRequest): Promise<Endpoint>;
  /** Gives back address and ports. Never deletes the veth: it goes with its namespace. Idempotent. */
  detach(containerId: string): Promise<void>;
  /** Makes a network of the user's own, durable when this resolves. Throws network-exists and bad-parameter. */
  create(request: NetworkCreateRequest): Promise<NetworkInspect>;
  /** Removes one that no running container is on, durable when this resolves; gives what it was. */
  remove(reference: string): Promise<NetworkInspect>;
  /** True for a network of the user's own, whose containers find each other by name. */
  isNamed(reference: string): boolean;
  /** Takes a running container from one network. */
  disconnect(request: Pick<AttachRequest, 'containerId' | 'network' | 'pid'>): Promise<void>;
  /** A running container has another name: others find it by that from now on. */
  rename(containerId: string, names: { from: string; to: string }): void;
  /** After an engine restart: takes over what a living container has, without touching the kernel's side. */
  adopt(request: AttachRequest & { endpoint: Endpoint }): Promise<void>;
  /** Call once after the last `adopt` of a start: published ports that no living container claimed are closed. */
  settle(): Promise<void>;
  ports(): PublishedPort[];
  /**
   * Contents of a container's /etc/resolv.conf: the machine's, without name servers on its loopback (which a container
   * cannot reach), each part replaced where the container names its own. Host network: the machine's as it is.
   */
  resolvConf(request: ResolvRequest): string;
  /** Lets the kernel's side stand (containers go on); `remove` takes down bridge and table, for tests and uninstall. */
  close(options?: { remove?: boolean }): Promise<void>;
}

export interface ResolvRequest {
  network: string;
  /** The container has a name server of its own (127.0.0.11), which knows the names of its networks. */
  named?: boolean;
  servers?: string[];
  search?: string[];
  options?: string[];
}

/** Options of `openNetworks` (network/linux-networks.ts). */
export interface NetworksOptions {
  /** Names the bridge (`default`: berth0) and the nft table. */
  instance: string;
  /**
   * CIDR of the default bridge. Not given: 172.17.0.0/16, or the next /16 (then 192.168.x.0/20) that overlaps no
   * route of this machine. An existing bridge of the instance keeps its own.
   */
  subnet?: string;
  /** Default 1500. */
  mtu?: number;
  guardDesktop?: DesktopAddresses;
  /** Where the user's networks are kept; without it there are none. */
  files?: EngineFiles;
}

/** Addresses of the machine's network at which the desktop's own programs answer; containers are kept from them. */
export interface DesktopAddresses {
  /** The desktop's loopback. */
  loopback: string;
  /** The desktop's name server. Often a loopback address there too, so only port 53 of it is for containers. */
  resolver: string;
}

export interface AttachRequest {
  containerId: string;
  containerName: string;
  /** Network id or name. */
  network: string;
  pid: number;
  /** Asked-for ports; hostPort 0 means any free one. */
  ports: { protocol: 'tcp' | 'udp'; containerPort: number; hostIp: string; hostPort: number }[];
  macAddress?: string;
  ipv4Address?: string;
  /** Names by which others of the network find it. */
  names?: string[];
  /** Name servers for names that no network knows; default: the machine's. */
  servers?: string[];
}

export interface Endpoint {
  networkId: string;
  endpointId: string;
  ipv4Address: string;
  prefixLength: number;
  gateway: string;
  macAddress: string;
  /** Inside the container; absent in endpoints of an older engine, which had eth0 alone. */
  interfaceName?: string;
  ports: PublishedPort[];
}
