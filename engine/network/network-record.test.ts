import { expect, test } from 'vitest';
import type { NetworkCreateRequest } from '../api/networks.ts';
import { parseSubnet } from './addresses.ts';
import { planNetwork } from './network-record.ts';

const id = 'ab'.repeat(32);
const plan = (request: Partial<NetworkCreateRequest>, taken: string[] = []) =>
  planNetwork(
    { Name: 'net', ...request },
    { id, mtu: 1500, taken: taken.map(parseSubnet), now: new Date('2026-01-01T00:00:00Z') },
  );

test('a network without wishes has the first free pool, its first address, and a device named after its id', () => {
  expect(plan({}, ['172.17.0.0/16', '172.18.0.0/16'])).toMatchObject({
    name: 'net',
    subnet: '172.19.0.0/16',
    ownSubnet: false,
    gateway: '172.19.0.1',
    range: '',
    internal: false,
    bridge: 'br-abababababab',
    mtu: 1500,
  });
});

test('what is asked for is what it has', () => {
  const pool = {
    Subnet: '10.1.2.0/24',
    Gateway: '10.1.2.254',
    IPRange: '10.1.2.128/25',
    AuxiliaryAddresses: { router: '10.1.2.200' },
  };
  const options = { 'com.docker.network.bridge.name': 'own0', 'com.docker.network.driver.mtu': '1400' };
  expect(
    plan({ IPAM: { Config: [pool] }, Options: options, Internal: true, Labels: { a: 'b' } }),
  ).toMatchObject({
    subnet: '10.1.2.0/24',
    ownSubnet: true,
    gateway: '10.1.2.254',
    range: '10.1.2.128/25',
    auxiliary: { router: '10.1.2.200' },
    bridge: 'own0',
    mtu: 1400,
    internal: true,
    labels: { a: 'b' },
  });
});

const pool = (config: object) => ({ IPAM: { Config: [config] } });

test.each<[Partial<NetworkCreateRequest>, RegExp]>([
  [{ Name: '.x' }, /invalid network name/],
  [{ Driver: 'macvlan' }, /could not find plugin macvlan/],
  [{ Driver: 'host' }, /only one instance of "host" network is allowed/],
  [{ EnableIPv6: true }, /IPv4 addresses alone/],
  [{ IPAM: { Driver: 'dhcp' } }, /address management driver "dhcp"/],
  [{ Options: { encrypted: '' } }, /network option encrypted=/],
  [{ Options: { 'com.docker.network.bridge.enable_icc': 'false' } }, /enable_icc=false/],
  [{ Options: { 'com.docker.network.driver.mtu': 'x' } }, /invalid value for com.docker.network.driver.mtu/],
  [{ Options: { 'com.docker.network.bridge.name': 'much-too-long-a-name' } }, /invalid interface name/],
  [pool({ Subnet: 'x' }), /invalid CIDR block notation/],
  [pool({ Subnet: '10.0.0.0/31' }), /no room for containers/],
  [pool({ Subnet: '172.17.9.0/24' }), /Pool overlaps/],
  [
    pool({ Subnet: '10.0.0.0/24', Gateway: '10.0.1.1' }),
    /invalid gateway 10.0.1.1: parent subnet is 10.0.0.0\/24/,
  ],
  [pool({ Subnet: '10.0.0.0/24', IPRange: '10.0.0.0/16' }), /invalid ip-range/],
  [{ IPAM: { Config: [{ Subnet: '10.0.0.0/24' }, { Subnet: '10.1.0.0/24' }] } }, /one subnet each/],
])('%j is refused', (request, message) => {
  expect(() => plan(request, ['172.17.0.0/16'])).toThrow(message);
});

test('when every pool is taken, that is said', () => {
  expect(() => plan({}, ['172.16.0.0/12', '192.168.0.0/16'])).toThrow('all predefined address pools');
});
