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
  ports(): PublishedPort[];
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
