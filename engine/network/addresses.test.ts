import { expect, test } from 'vitest';
import { AddressPool } from './address-pool.ts';
import { formatAddress, formatSubnet, freeSubnet, macOf, parseAddress, parseSubnet } from './addresses.ts';
import { elementPlace, encodeElement, parseElements } from './port-element.ts';
import { planResolvConf } from './resolv-conf.ts';
import { parseRoutes } from './routes.ts';

test('addresses and subnets go both ways', () => {
  expect(formatAddress(parseAddress('255.0.17.1'))).toBe('255.0.17.1');
  expect(formatSubnet(parseSubnet('172.17.3.4/16'))).toBe('172.17.0.0/16');
  expect(() => parseAddress('1.2.3.256')).toThrow('not an IPv4 address');
  expect(() => parseSubnet('10.0.0.0/33')).toThrow('not an IPv4 subnet');
  expect(macOf(parseAddress('172.17.0.2'))).toBe('02:42:ac:11:00:02');
});

test('the first pool that overlaps nothing is chosen', () => {
  const taken = (...texts: string[]) => texts.map(parseSubnet);
  expect(formatSubnet(freeSubnet([])!)).toBe('172.17.0.0/16');
  expect(formatSubnet(freeSubnet(taken('172.17.5.0/24', '172.18.0.0/15'))!)).toBe('172.20.0.0/16');
  expect(formatSubnet(freeSubnet(taken('172.16.0.0/12'))!)).toBe('192.168.0.0/20');
  expect(freeSubnet(taken('0.0.0.0/1', '128.0.0.0/1'))).toBeUndefined();
});

test('routes are read as the kernel prints them, the default one left out', () => {
  const text = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'one\t05050505\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
  ].join('\n');
  expect(parseRoutes(text).map((route) => `${route.device} ${formatSubnet(route.subnet)}`)).toEqual([
    'eth0 192.0.2.0/24',
    'one 5.5.5.5/32',
  ]);
});

test('a freed address comes last, and a full pool says so', () => {
  const pool = new AddressPool(parseSubnet('10.0.0.0/29'));
  const all = Array.from({ length: 5 }, () => formatAddress(pool.next()));
  expect(all).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  expect(() => pool.next()).toThrow('no available IPv4 addresses');
  pool.free(parseAddress('10.0.0.3'));
  expect(formatAddress(pool.next())).toBe('10.0.0.3');
  expect(() => pool.take(parseAddress('10.0.0.3'))).toThrow('Address already in use');
  expect(() => pool.take(parseAddress('10.0.0.7'))).toThrow('does not belong');
  expect(() => pool.take(parseAddress('10.1.0.7'))).toThrow('does not belong');
});

test('a map element has the bytes that nft itself writes, and is read back from its list', () => {
  const element = {
    hostIp: '127.0.0.1',
    protocol: 'tcp' as const,
    hostPort: 8080,
    address: parseAddress('172.17.0.2'),
    containerPort: 80,
  };
  const { map, key, value } = encodeElement(element);
  expect(map).toBe('bound');
  expect(Buffer.from(key).toString('hex')).toBe('7f000001060000001f900000');
  expect(Buffer.from(value).toString('hex')).toBe('ac11000200500000');
  expect(encodeElement({ ...element, hostIp: '' }).map).toBe('published');
  const json =
    '{"nftables": [{"map": {"elem": [[{"concat": ["127.0.0.1", "tcp", 8080]}, {"concat": ["172.17.0.2", 80]}]]}}]}';
  expect(parseElements(json)).toEqual([element]);
  expect(elementPlace({ ...element, hostIp: '' })).toBe(elementPlace({ ...element, hostIp: '0.0.0.0' }));
});

test.each([
  {
    name: 'loopback and IPv6 servers are left out',
    machine:
      'nameserver 127.0.0.53\nnameserver fd00::1\nnameserver 10.0.2.3 # qemu\nsearch a b\noptions ndots:2',
    expected: ['nameserver 10.0.2.3', 'search a b', 'options ndots:2'],
  },
  {
    name: 'a machine without a server that can be reached gets Docker’s',
    machine: 'nameserver ::1',
    expected: ['nameserver 8.8.8.8', 'nameserver 8.8.4.4'],
  },
  {
    name: 'what the container names replaces each part',
    machine: 'nameserver 10.0.2.3\nsearch a\noptions ndots:2',
    servers: ['1.1.1.1'],
    search: ['.'],
    options: ['timeout:1'],
    expected: ['nameserver 1.1.1.1', 'options timeout:1'],
  },
  {
    name: 'the host network has the machine’s own',
    machine: 'nameserver 127.0.0.53\ndomain x',
    isolated: false,
    expected: ['nameserver 127.0.0.53', 'search x'],
  },
])('resolv.conf: $name', ({ machine, isolated = true, servers, search, options, expected }) => {
  const text = planResolvConf({ machine, isolated, servers, search, options });
  expect(text.split('\n').slice(1, -1)).toEqual(expected);
});
