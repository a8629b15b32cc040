import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openNetworks } from './linux-networks.ts';
import type { AttachRequest, Networks } from './network.ts';
import { Sandbox } from './sandbox.fixture.ts';

const instance = `tn${process.pid}`;
const table = `berth-${instance}`;
/** Any addresses that this machine has a route to: they stand for the desktop's. */
const desktop = { loopback: '192.0.2.254', resolver: '192.0.2.253' };
let networks: Networks;
const attached: string[] = [];

beforeAll(async () => {
  networks = await openNetworks({ instance, guardDesktop: desktop });
});
afterEach(async () => {
  for (const id of attached.splice(0)) await networks.detach(id);
});
afterAll(() => networks.close({ remove: true }));

function request(name: string, pid: number, ports: AttachRequest['ports'] = []): AttachRequest {
  const containerId = Buffer.from(name).toString('hex').padEnd(64, '0');
  attached.push(containerId);
  return { containerId, containerName: name, network: 'bridge', pid, ports };
}

const tcp = (hostPort: number, hostIp = '') => ({
  protocol: 'tcp' as const,
  containerPort: 80,
  hostIp,
  hostPort,
});

async function dial(host: string, port: number): Promise<string> {
  return (await text(connect(port, host))).trim();
}

test('a container has its address, reaches its neighbours and the bridge', async () => {
  await using one = await Sandbox.start();
  await using two = await Sandbox.start();
  const first = await networks.attach(request('one', one.pid));
  const second = await networks.attach(request('two', two.pid));
  expect(second.ipv4Address).not.toBe(first.ipv4Address);
  expect(first.prefixLength).toBe(16);
  expect(await two.dial(first.ipv4Address, 80)).toBe(`tcp ${second.ipv4Address}`);
  expect(await dial(first.ipv4Address, 80)).toBe(`tcp ${first.gateway}`);
  const described = networks.get('bridge').Containers;
  expect(Object.values(described).map((container) => container.IPv4Address)).toContain(
    `${first.ipv4Address}/16`,
  );
});

test('a published port answers on loopback, on the machine, from its own container and from another', async () => {
  await using one = await Sandbox.start();
  await using two = await Sandbox.start();
  const endpoint = await networks.attach(request('web', one.pid, [tcp(0)]));
  const other = await networks.attach(request('client', two.pid));
  const port = endpoint.ports[0]!.hostPort;
  expect(port).toBeGreaterThan(0);
  expect(await dial('127.0.0.1', port)).toMatch(/^tcp /);
  expect(await dial(endpoint.gateway, port)).toMatch(/^tcp /);
  expect(await one.dial(endpoint.gateway, port)).toMatch(/^tcp /);
  expect(await two.dial(other.gateway, port)).toMatch(/^tcp /);
  expect(networks.ports()).toContainEqual(expect.objectContaining({ hostPort: port, containerName: 'web' }));
});

test('a port published on one address answers there alone', async () => {
  await using one = await Sandbox.start();
  const endpoint = await networks.attach(request('bound', one.pid, [tcp(0, '127.0.0.1')]));
  const port = endpoint.ports[0]!.hostPort;
  expect(await dial('127.0.0.1', port)).toMatch(/^tcp /);
  await expect(dial(endpoint.gateway, port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('UDP is published as well', async () => {
  await using one = await Sandbox.start();
  const endpoint = await networks.attach(
    request('dns', one.pid, [{ protocol: 'udp', containerPort: 53, hostIp: '', hostPort: 0 }]),
  );
  const socket = createSocket('udp4');
  socket.send('hello', endpoint.ports[0]!.hostPort, '127.0.0.1');
  const [answer] = await once(socket, 'message');
  socket.close();
  expect(String(answer)).toBe('udp hello');
});

test('a detached container gives back port and address, and its port is closed', async () => {
  await using one = await Sandbox.start();
  const asked = request('gone', one.pid, [tcp(0)]);
  const { hostPort } = (await networks.attach(asked)).ports[0]!;
  await networks.detach(asked.containerId);
  await networks.detach(asked.containerId);
  await expect(dial('127.0.0.1', hostPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(networks.ports()).toEqual([]);
});

test('a taken port is refused in Docker’s words, with its owner, and nothing stays', async () => {
  await using one = await Sandbox.start();
  const endpoint = await networks.attach(request('first', one.pid, [tcp(0)]));
  const { hostPort } = endpoint.ports[0]!;
  await expect(networks.attach(request('second', one.pid, [tcp(0), tcp(hostPort)]))).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringMatching(
      `^driver failed programming external connectivity on endpoint second \\([0-9a-f]{64}\\): Bind for 0.0.0.0:${hostPort} failed: port is already allocated$`,
    ),
    params: { port: hostPort, owner: 'first', ownerKind: 'container' },
  });
  expect(networks.ports()).toHaveLength(1);
});

test('a port that another program holds is refused with that program as its owner', async () => {
  await using one = await Sandbox.start();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await expect(networks.attach(request('late', one.pid, [tcp(port)]))).rejects.toMatchObject({
    code: 'port-in-use',
    params: { owner: expect.stringContaining(`(pid ${process.pid})`), ownerKind: 'process' },
  });
  server.close();
});

test('a container reaches neither the desktop nor the machine’s loopback', async () => {
  await using one = await Sandbox.start();
  const endpoint = await networks.attach(request('curious', one.pid));
  expect(await one.dial(desktop.loopback, 80)).toBe('EHOSTUNREACH');
  expect(await one.dial(desktop.resolver, 80)).toBe('EHOSTUNREACH');
  const rules = execFileSync('nft', ['list', 'chain', 'inet', table, 'raw'], { encoding: 'utf8' });
  expect(rules).toContain('ip daddr 127.0.0.0/8 drop');
  expect(endpoint.gateway).not.toBe('');
});

test('an engine that starts again takes over living containers and closes the ports of dead ones', async () => {
  await using one = await Sandbox.start();
  const living = request('living', one.pid, [tcp(0)]);
  const dead = request('dead', one.pid, [tcp(0, '127.0.0.1')]);
  const endpoint = await networks.attach(living);
  await using two = await Sandbox.start();
  await networks.attach({ ...dead, pid: two.pid });

  const list = () => execFileSync('nft', ['list', 'table', 'inet', table], { encoding: 'utf8' });
  const again = await openNetworks({ instance, guardDesktop: desktop });
  expect(list().match(/: 172|: 192/g)).toHaveLength(2);
  await again.adopt({ ...living, endpoint });
  await again.settle();
  expect(list().match(/elements = /g)).toHaveLength(1);
  expect(await dial('127.0.0.1', endpoint.ports[0]!.hostPort)).toMatch(/^tcp /);
  expect(again.get('bridge').IPAM).toEqual(networks.get('bridge').IPAM);
  const next = await again.attach({ ...request('newcomer', two.pid), network: 'none' });
  expect(next.ipv4Address).toBe('');
  await again.detach(living.containerId);
});

test('two instances have different subnets, and none and host have no address', async () => {
  await using one = await Sandbox.start();
  const other = await openNetworks({ instance: `${instance}c` });
  try {
    expect(other.get('bridge').IPAM.Config).not.toEqual(networks.get('bridge').IPAM.Config);
    expect(other.list().map((network) => network.Name)).toEqual(['bridge', 'host', 'none']);
    const endpoint = await other.attach({ ...request('alone', one.pid), network: 'none' });
    expect(endpoint).toMatchObject({ ipv4Address: '', ports: [] });
    expect(() => other.get('nothing')).toThrow(expect.objectContaining({ code: 'network-not-found' }));
  } finally {
    await other.close({ remove: true });
  }
});
