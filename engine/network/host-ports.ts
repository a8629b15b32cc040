import type { PublishedPort } from '../api/system.ts';
import { BerthError, isErrno } from '../errors.ts';
import { addon } from '../native/addon/load.ts';
import { isAddress } from './addresses.ts';
import { encodeElement, type PortElement } from './port-element.ts';
import { portOwner } from './port-owner.ts';
import { staleElements } from './stale-elements.ts';

export interface PortRequest {
  protocol: 'tcp' | 'udp';
  containerPort: number;
  hostIp: string;
  hostPort: number;
}

export interface OpenPort extends PublishedPort {
  /** Holds the host port against other programs; undefined when another took it while the engine was away. */
  fd: number | undefined;
  /** Of the container. */
  address: number;
}

/** Published ports: a claim on the machine's port, and an element in a map of the instance's table. */
export class HostPorts {
  #table: string;
  #ports = new Set<OpenPort>();

  constructor(table: string) {
    this.#table = table;
  }

  list(): PublishedPort[] {
    return [...this.#ports].map(({ fd: _fd, address: _address, ...port }) => port);
  }

  /**
   * Claims all ports of a container. Throws port-in-use, and then holds none. `endpoint` is for Docker's words.
   */
  claim(
    container: { id: string; name: string; address: number; endpoint: string },
    requests: PortRequest[],
  ): OpenPort[] {
    const claimed: OpenPort[] = [];
    try {
      for (const request of requests) {
        const { fd, port } = this.#reserve(container, request);
        const { id: containerId, name: containerName, address } = container;
        const open = { ...request, hostPort: port, containerId, containerName, address, fd };
        this.#ports.add(open);
        claimed.push(open);
      }
      return claimed;
    } catch (error) {
      this.release(claimed);
      throw error;
    }
  }

  /** Leads the claimed ports to their container. */
  lead(ports: OpenPort[]): void {
    for (const port of ports) this.#element('add', port);
  }

  /** Takes over the ports of a container that runs already; what cannot be claimed again is led all the same. */
  adopt(container: { id: string; name: string; address: number }, ports: PublishedPort[]): void {
    for (const port of ports) {
      const open: OpenPort = {
        ...port,
        containerName: container.name,
        address: container.address,
        fd: undefined,
      };
      try {
        open.fd = reserve(port).fd;
      } catch {
        // Another program has taken it meanwhile. The rule still stands before that program.
      }
      this.#ports.add(open);
      this.#element('add', open);
    }
  }

  release(ports: Iterable<OpenPort>): void {
    for (const port of ports) {
      if (!this.#ports.delete(port)) continue;
      this.#element('delete', port);
      if (port.fd !== undefined) addon.closeFd(port.fd);
    }
  }

  releaseContainer(containerId: string): void {
    this.release([...this.#ports].filter((port) => port.containerId === containerId));
  }

  /** Closes what stands in the table and belongs to nobody here. */
  async sweep(): Promise<void> {
    for (const element of await staleElements(this.#table, [...this.#ports]))
      this.#element('delete', element);
  }

  #reserve(
    container: { address: number; name: string; endpoint: string },
    request: PortRequest,
  ): { fd: number; port: number } {
    if (request.hostIp !== '' && !isAddress(request.hostIp)) {
      const message = `publishing a port on ${request.hostIp} is not supported: only IPv4 addresses are`;
      throw new BerthError('refused-option', message, { option: 'HostIp', value: request.hostIp });
    }
    try {
      return reserve(request);
    } catch (error) {
      if (!isErrno(error)) throw error;
      throw this.#inUse(container, request, error);
    }
  }

  #inUse(
    container: { address: number; name: string; endpoint: string },
    request: PortRequest,
    cause: NodeJS.ErrnoException,
  ): BerthError {
    const where = `${addressOf(request.hostIp)}:${request.hostPort}`;
    const prefix = `driver failed programming external connectivity on endpoint ${container.name} (${container.endpoint})`;
    if (cause.code !== 'EADDRINUSE') {
      return new BerthError(
        'start-failed',
        `${prefix}: Bind for ${where} failed: ${cause.message}`,
        {},
        { cause },
      );
    }
    const other = [...this.#ports].find(
      (port) => port.protocol === request.protocol && port.hostPort === request.hostPort,
    );
    const owner = other?.containerName ?? portOwner(request.protocol, request.hostPort) ?? '';
    return new BerthError(
      'port-in-use',
      `${prefix}: Bind for ${where} failed: port is already allocated`,
      {
        port: request.hostPort,
        protocol: request.protocol,
        address: addressOf(request.hostIp),
        owner,
        ownerKind: other ? 'container' : 'process',
      },
      { cause },
    );
  }

  #element(operation: 'add' | 'delete', port: PortElement): void {
    const element = { family: 'inet' as const, table: this.#table, ...encodeElement(port) };
    try {
      addon.nftMapElement({ ...element, operation });
    } catch (error) {
      if (!isErrno(error)) throw error;
      if (operation === 'delete' && error.code === 'ENOENT') return;
      if (operation === 'delete' || (error.code !== 'EBUSY' && error.code !== 'EEXIST')) throw error;
      // Left by a container that ended while the engine was away.
      addon.nftMapElement({ ...element, operation: 'delete' });
      addon.nftMapElement({ ...element, operation });
    }
  }
}

function addressOf(hostIp: string): string {
  return hostIp === '' ? '0.0.0.0' : hostIp;
}

function reserve({ protocol, hostIp, hostPort }: PortRequest): { fd: number; port: number } {
  return addon.reservePort({ protocol, address: addressOf(hostIp), port: hostPort });
}
