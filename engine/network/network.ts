import type { NetworkInspect } from '../api/networks.ts';
import type { PublishedPort } from '../api/system.ts';

/**
 * The engine's networks: `bridge` (the default), `none`, `host`, and the user's own later. The kernel is spoken to by
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
  /** After an engine restart: takes over what a living container has, without touching the kernel's side. */
  adopt(request: AttachRequest & { endpoint: Endpoint }): Promise<void>;
  /** Call once after the last `adopt` of a start: published ports that no living container claimed are closed. */
  settle(): Promise<void>;
  ports(): PublishedPort[];
  /**
   * Contents of a container's /etc/resolv.conf: the machine's, without name servers on its loopback (which a container
   * cannot reach), each part replaced where the container names its own. Host network: the machine's as it is.
   */
  resolvConf(options: { network: string; servers?: string[]; search?: string[]; options?: string[] }): string;
  /** Lets the kernel's side stand (containers go on); `remove` takes down bridge and table, for tests and uninstall. */
  close(options?: { remove?: boolean }): Promise<void>;
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
}

export interface Endpoint {
  networkId: string;
  endpointId: string;
  ipv4Address: string;
  prefixLength: number;
  gateway: string;
  macAddress: string;
  ports: PublishedPort[];
}
