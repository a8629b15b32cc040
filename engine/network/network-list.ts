import { createHash } from 'node:crypto';
import type { NetworkInspect } from '../api/networks.ts';
import { formatAddress, formatSubnet, type Subnet } from './addresses.ts';
import type { Endpoint } from './network.ts';

/**
 * What list and inspect say of the three networks that every engine has. Their ids are made from instance and name, so
 * that they are the same after each start without being stored.
 */
export function describeNetworks(options: {
  instance: string;
  bridge: string;
  mtu: number;
  subnet: Subnet;
}): Omit<NetworkInspect, 'Containers'>[] {
  const created = new Date().toISOString();
  const base = (name: string): Omit<NetworkInspect, 'Driver' | 'Containers'> => ({
    Name: name,
    Id: createHash('sha256').update(`${options.instance}\0${name}`).digest('hex'),
    Created: created,
    Scope: 'local',
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: null },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Options: {},
    Labels: {},
  });
  return [
    {
      ...base('bridge'),
      Driver: 'bridge',
      IPAM: {
        Driver: 'default',
        Options: null,
        Config: [{ Subnet: formatSubnet(options.subnet), Gateway: formatAddress(options.subnet.base + 1) }],
      },
      Options: {
        'com.docker.network.bridge.default_bridge': 'true',
        'com.docker.network.bridge.enable_icc': 'true',
        'com.docker.network.bridge.enable_ip_masquerade': 'true',
        'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
        'com.docker.network.bridge.name': options.bridge,
        'com.docker.network.driver.mtu': String(options.mtu),
      },
    },
    { ...base('host'), Driver: 'host' },
    { ...base('none'), Driver: 'null' },
  ];
}

/** Who is on a network, as inspect shows it. */
export function containersOf(
  attached: { containerId: string; containerName: string; endpoint: Endpoint }[],
): NetworkInspect['Containers'] {
  return Object.fromEntries(
    attached.map(({ containerId, containerName, endpoint }) => [
      containerId,
      {
        Name: containerName,
        EndpointID: endpoint.endpointId,
        MacAddress: endpoint.macAddress,
        IPv4Address: endpoint.ipv4Address ? `${endpoint.ipv4Address}/${endpoint.prefixLength}` : '',
        IPv6Address: '',
      },
    ]),
  );
}
