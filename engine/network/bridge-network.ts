import { addon } from '../native/addon/load.ts';
import { AddressPool } from './address-pool.ts';
import { formatAddress, parseAddress, parseSubnet, type Subnet } from './addresses.ts';
import type { NetworkRecord } from './network-record.ts';
import type { RuledBridge } from './ruleset.ts';

/** A bridge that stands, with the addresses of its network. */
export class BridgeNetwork implements RuledBridge {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
  readonly bridgeIndex: number;
  readonly subnet: Subnet;
  readonly pool: AddressPool;
  readonly mtu: number;
  readonly internal: boolean;
  /** Of the user's own: it has names, and the default one has none. */
  readonly named: boolean;

  private constructor(options: BridgeOptions & { bridgeIndex: number; pool: AddressPool }) {
    this.id = options.id;
    this.name = options.name;
    this.bridge = options.bridge;
    this.bridgeIndex = options.bridgeIndex;
    this.subnet = options.subnet;
    this.pool = options.pool;
    this.mtu = options.mtu;
    this.internal = options.internal ?? false;
    this.named = options.named ?? false;
  }

  /** Makes the device, or adjusts the one that stands. */
  static async open(options: BridgeOptions): Promise<BridgeNetwork> {
    const { subnet, gateway, range, reserved } = options;
    const pool = new AddressPool(subnet, { gateway, range, ...(reserved ? { reserved } : {}) });
    const bridgeIndex = await addon.ensureBridge({
      name: options.bridge,
      address: formatAddress(pool.gateway),
      prefixLength: subnet.prefixLength,
      mtu: options.mtu,
    });
    return new BridgeNetwork({ ...options, bridgeIndex, pool });
  }

  static async ofRecord(record: NetworkRecord): Promise<BridgeNetwork> {
    return await BridgeNetwork.open({
      id: record.id,
      name: record.name,
      bridge: record.bridge,
      subnet: parseSubnet(record.subnet),
      gateway: parseAddress(record.gateway),
      range: record.range === '' ? undefined : parseSubnet(record.range),
      reserved: Object.values(record.auxiliary).map(parseAddress),
      mtu: record.mtu,
      internal: record.internal,
      named: true,
    });
  }

  /** Takes the device down. */
  async close(): Promise<void> {
    await addon.deleteLink(this.bridge);
  }
}

interface BridgeOptions {
  id: string;
  name: string;
  bridge: string;
  subnet: Subnet;
  gateway?: number | undefined;
  range?: Subnet | undefined;
  reserved?: number[];
  mtu: number;
  internal?: boolean;
  named?: boolean;
}
