import { contains, formatAddress, type Subnet, sizeOf } from './addresses.ts';

/**
 * Addresses of one subnet. Derived from living containers at each start, never stored. A freed address is given out
 * again as late as possible, so that nobody's stale neighbour entry leads to a stranger.
 */
export class AddressPool {
  readonly subnet: Subnet;
  readonly gateway: number;
  #taken = new Set<number>();
  #last: number;

  constructor(subnet: Subnet) {
    this.subnet = subnet;
    this.gateway = subnet.base + 1;
    this.#last = this.gateway;
    this.#taken.add(this.gateway);
  }

  /** Throws when every address is in use. */
  next(): number {
    const hosts = sizeOf(this.subnet.prefixLength) - 2;
    for (let step = 1; step <= hosts; step++) {
      const offset = (this.#last - this.subnet.base - 1 + step) % hosts;
      const address = this.subnet.base + 1 + offset;
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      this.#last = address;
      return address;
    }
    throw new Error('no available IPv4 addresses on this network’s address pools');
  }

  /** Throws when it is another's or not of this subnet. */
  take(address: number): number {
    const last = this.subnet.base + sizeOf(this.subnet.prefixLength) - 1;
    if (!contains(this.subnet, address) || address === this.subnet.base || address === last) {
      throw new Error(
        `Invalid address ${formatAddress(address)}: It does not belong to any of this network's subnets`,
      );
    }
    if (this.#taken.has(address)) throw new Error('Address already in use');
    this.#taken.add(address);
    return address;
  }

  free(address: number): void {
    if (address !== this.gateway) this.#taken.delete(address);
  }
}
