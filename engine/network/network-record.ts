import type { NetworkCreateRequest, NetworkInspect } from '../api/networks.ts';
import { BerthError } from '../errors.ts';
import {
  contains,
  formatAddress,
  formatSubnet,
  freeSubnet,
  isAddress,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
} from './addresses.ts';

/** network.json: a network of the user's own. */
export interface NetworkRecord {
  format: 1;
  id: string;
  name: string;
  /** RFC 3339. */
  created: string;
  /** CIDR. */
  subnet: string;
  /** True when the request named the subnet: only then may containers ask for addresses. */
  ownSubnet: boolean;
  gateway: string;
  /** CIDR that addresses are given out of; '' for the whole subnet. */
  range: string;
  /** Addresses that are nobody's, by name. */
  auxiliary: Record<string, string>;
  internal: boolean;
  attachable: boolean;
  /** Name of the device. */
  bridge: string;
  mtu: number;
  options: Record<string, string>;
  labels: Record<string, string>;
}

const networkName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const bridgeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/;
/** Devices hold 15 characters: `br-` and so many of the id, as Docker names them. */
const idInDevice = 12;

const invalid = (message: string, params: Record<string, string> = {}) =>
  new BerthError('bad-parameter', message, params);
const refuse = (message: string, option: string) => new BerthError('refused-option', message, { option });

/** Decides what a new network is. Pure. Throws in Docker's words. */
export function planNetwork(
  request: NetworkCreateRequest,
  facts: { id: string; mtu: number; taken: Subnet[]; now: Date },
): NetworkRecord {
  checkRequest(request);
  const [pool] = request.IPAM?.Config ?? [];
  const subnet = chooseSubnet(pool?.Subnet || undefined, facts.taken);
  const gateway = addressIn(subnet, pool?.Gateway || formatAddress(subnet.base + 1), 'gateway');
  const range = pool?.IPRange ? rangeIn(subnet, pool.IPRange) : '';
  const auxiliary = pool?.AuxiliaryAddresses ?? {};
  for (const address of Object.values(auxiliary)) addressIn(subnet, address, 'auxiliary address');
  const options = request.Options ?? {};
  return {
    format: 1,
    id: facts.id,
    name: request.Name,
    created: facts.now.toISOString(),
    subnet: formatSubnet(subnet),
    ownSubnet: Boolean(pool?.Subnet),
    gateway,
    range,
    auxiliary,
    internal: request.Internal ?? false,
    attachable: request.Attachable ?? false,
    bridge: deviceOf(options, facts.id),
    mtu: mtuOf(options) ?? facts.mtu,
    options,
    labels: request.Labels ?? {},
  };
}

function checkRequest(request: NetworkCreateRequest): void {
  const { Name: name, Driver: driver = 'bridge', IPAM: ipam } = request;
  if (!networkName.test(name)) {
    throw new BerthError(
      'bad-name',
      `invalid network name "${name}": only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      { name },
    );
  }
  if (driver === 'host' || driver === 'null') {
    throw new BerthError('network-exists', `only one instance of "${driver}" network is allowed`, {
      name: driver,
    });
  }
  if (driver && driver !== 'bridge' && driver !== 'default') {
    throw refuse(
      `could not find plugin ${driver}: Berth has the network driver bridge alone`,
      `Driver=${driver}`,
    );
  }
  if (request.EnableIPv6) throw refuse('Berth networks have IPv4 addresses alone', 'EnableIPv6');
  if (request.EnableIPv4 === false) throw refuse('Berth networks have IPv4 addresses', 'EnableIPv4=false');
  if (ipam?.Driver && ipam.Driver !== 'default') {
    throw refuse(`Berth has no address management driver "${ipam.Driver}"`, `IPAM.Driver=${ipam.Driver}`);
  }
  const [option] = Object.keys(ipam?.Options ?? {});
  if (option !== undefined)
    throw refuse(`Berth does not know the address option "${option}"`, `IPAM.Options.${option}`);
  if ((ipam?.Config ?? []).length > 1) throw refuse('Berth networks have one subnet each', 'IPAM.Config');
}

function chooseSubnet(asked: string | undefined, taken: Subnet[]): Subnet {
  if (asked === undefined) {
    const free = freeSubnet(taken);
    if (free !== undefined) return free;
    throw new BerthError('start-failed', 'all predefined address pools have been fully subnetted');
  }
  const subnet = subnetOf(asked, 'subnet');
  if (subnet.prefixLength > 30)
    throw invalid(`invalid subnet ${asked}: it has no room for containers`, { subnet: asked });
  if (taken.some((other) => overlaps(subnet, other))) {
    throw invalid('invalid pool request: Pool overlaps with other one on this address space', {
      subnet: asked,
    });
  }
  return subnet;
}

function subnetOf(text: string, what: string): Subnet {
  try {
    return parseSubnet(text);
  } catch {
    throw invalid(`invalid ${what} ${text}: invalid CIDR block notation`, { [what]: text });
  }
}

function rangeIn(subnet: Subnet, text: string): string {
  const range = subnetOf(text, 'ip-range');
  if (contains(subnet, range.base) && range.prefixLength >= subnet.prefixLength) return formatSubnet(range);
  throw invalid(`invalid ip-range ${text}: parent subnet is ${formatSubnet(subnet)}`, { range: text });
}

function addressIn(subnet: Subnet, text: string, what: string): string {
  if (isAddress(text) && contains(subnet, parseAddress(text))) return text;
  throw invalid(`invalid ${what} ${text}: parent subnet is ${formatSubnet(subnet)}`, { address: text });
}

/** The bridge driver's options that mean what this engine does anyway. */
const granted: Record<string, string> = {
  'com.docker.network.bridge.enable_icc': 'true',
  'com.docker.network.bridge.enable_ip_masquerade': 'true',
  'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
};
const nameOption = 'com.docker.network.bridge.name';
const mtuOption = 'com.docker.network.driver.mtu';

function deviceOf(options: Record<string, string>, id: string): string {
  for (const [option, value] of Object.entries(options)) {
    if (option === nameOption || option === mtuOption || granted[option] === value) continue;
    throw refuse(`Berth does not support the network option ${option}=${value}`, `Options.${option}`);
  }
  const name = options[nameOption] ?? `br-${id.slice(0, idInDevice)}`;
  if (bridgeName.test(name)) return name;
  throw invalid(`invalid interface name: ${name}`, { name });
}

function mtuOf(options: Record<string, string>): number | undefined {
  const text = options[mtuOption];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) >= 68 && Number(text) <= 65_535) return Number(text);
  throw invalid(`invalid value for ${mtuOption}: ${text}`, { mtu: text });
}

/** What list and inspect say of it. */
export function describeRecord(record: NetworkRecord): Omit<NetworkInspect, 'Containers'> {
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: 'local',
    Driver: 'bridge',
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: [
        {
          Subnet: record.subnet,
          ...(record.range === '' ? {} : { IPRange: record.range }),
          Gateway: record.gateway,
          ...(Object.keys(record.auxiliary).length > 0 ? { AuxiliaryAddresses: record.auxiliary } : {}),
        },
      ],
    },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Options: record.options,
    Labels: record.labels,
  };
}
