import { contains, formatAddress, type Subnet, sizeOf } from './addresses.ts';

/**
 * Addresses of one subnet. Derived from living containers at each start, never stored. A freed address is given out
 * again as late as possible, so that nobody's stale neighbour entry leads to a stranger.
 */
export class AddressPool {
  readonly subnet: Subnet;
  readonly gateway: number;
  /** What `next` gives out of; all of the subnet where nothing else was asked for. */
  readonly #range: Subnet;
  #taken = new Set<number>();
  #last: number;

  constructor(
    subnet: Subnet,
    options: { gateway?: number | undefined; range?: Subnet | undefined; reserved?: number[] } = {},
  ) {
    this.subnet = subnet;
    this.#range = options.range ?? subnet;
    this.gateway = options.gateway ?? subnet.base + 1;
    this.#last = this.#range === subnet ? this.gateway : this.#range.base;
    for (const address of [this.gateway, ...(options.reserved ?? [])]) this.#taken.add(address);
  }

  /** Throws when every address is in use. */
  next(): number {
    const { base, prefixLength } = this.#range;
    const size = sizeOf(prefixLength);
    for (let step = 1; step <= size; step++) {
      const address = base + ((this.#last - base + step) % size);
      if (this.#taken.has(address) || !this.#isHost(address)) continue;
      this.#taken.add(address);
      this.#last = address;
      return address;
    }
    throw new Error('no available IPv4 addresses on this network’s address pools');
  }

  /** Throws when it is another's or not of this subnet. */
  take(address: number): number {
    if (!this.#isHost(address)) {
      throw new Error(
        `Invalid address ${formatAddress(address)}: It does not belong to any of this network's subnets`,
      );
    }
    if (this.#taken.has(address)) throw new Error('Address already in use');
    this.#taken.add(address);
    return address;
  }

  /** The first and the last address of a subnet are nobody's. */
  #isHost(address: number): boolean {
    const last = this.subnet.base + sizeOf(this.subnet.prefixLength) - 1;
    return contains(this.subnet, address) && address !== this.subnet.base && address !== last;
  }

  free(address: number): void {
    if (address !== this.gateway) this.#taken.delete(address);
  }
}
