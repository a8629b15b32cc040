import { createHash } from 'node:crypto';
import type { NetworkInspect } from '../api/networks.ts';
import { formatAddress, formatSubnet, type Subnet } from './addresses.ts';
import type { Endpoint } from './network.ts';

export interface AttachedContainer {
  containerId: string;
  containerName: string;
  endpoint: Endpoint;
}

/**
 * What list and inspect say of the three networks that every engine has. Their ids are made from instance and name, so
 * that they are the same after each start without being stored.
 */
export function describeNetworks(options: {
  instance: string;
  bridge: string;
  mtu: number;
  subnet: Subnet;
  gateway: number;
}): (attached: Iterable<AttachedContainer>) => NetworkInspect[] {
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
  const networks: Omit<NetworkInspect, 'Containers'>[] = [
    {
      ...base('bridge'),
      Driver: 'bridge',
      IPAM: {
        Driver: 'default',
        Options: null,
        Config: [{ Subnet: formatSubnet(options.subnet), Gateway: formatAddress(options.gateway) }],
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
  return (attached) => {
    const all = [...attached];
    return networks.map((network) => ({ ...network, Containers: containersOf(network.Id, all) }));
  };
}

function containersOf(networkId: string, attached: AttachedContainer[]): NetworkInspect['Containers'] {
  const own = attached.filter(({ endpoint }) => endpoint.networkId === networkId);
  return Object.fromEntries(
    own.map(({ containerId, containerName, endpoint }) => [
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
