import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NetworkInspect } from '../../engine/api/networks.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { followEvents } from './event-lines.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.docker(['network', 'prune', '-f']);
  await engine?.[Symbol.asyncDispose]();
});

const inspect = async (name: string) =>
  JSON.parse(await engine.dockerText('network', 'inspect', '-f', '{{json .}}', name)) as NetworkInspect;
const run = (name: string, ...options: string[]) =>
  engine.dockerText('run', '-d', '--name', name, ...options, 'busybox', 'sleep', '1000');
const exec = (name: string, script: string) => engine.docker(['exec', name, 'sh', '-c', script]);
/** Address that a name has inside a container; '' for none. */
async function lookUp(from: string, name: string): Promise<string> {
  const { stdout } = await exec(from, `nslookup -type=a ${name}`);
  return /Name:.*\nAddress: (\S+)/.exec(stdout)?.[1] ?? '';
}
const addressOn = (name: string, network: string) =>
  engine.dockerText('inspect', '-f', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name);

describe('a network of one’s own', () => {
  beforeAll(async () => {
    await engine.dockerText('network', 'create', '--label', 'of=test', 'app');
    await run('web', '--network', 'app', '--network-alias', 'site');
    await run('db', '--network', 'app');
  });
  afterAll(async () => {
    await engine.dockerText('rm', '-f', 'web', 'db');
    await engine.docker(['network', 'rm', 'app']);
  });

  test('its containers find each other by name, alias, short id and name with the network', async () => {
    const address = await addressOn('web', 'app');
    const id = await engine.dockerText('inspect', '-f', '{{slice .Id 0 12}}', 'web');
    for (const name of ['web', 'site', id, 'WEB', 'web.app']) expect(await lookUp('db', name)).toBe(address);
    expect((await exec('db', 'ping -c1 -W5 site')).code).toBe(0);
    expect((await exec('db', `nslookup ${address}`)).stdout).toContain('name = web.app');
    expect(await lookUp('db', 'nobody')).toBe('');
  });

  test('the name server is Docker’s address, on port 53 by UDP and TCP, and leaves the port to the container', async () => {
    expect((await exec('db', 'cat /etc/resolv.conf')).stdout).toMatch(/^nameserver 127\.0\.0\.11$/m);
    expect((await exec('db', 'netstat -lnu | grep -c ":53 "; true')).stdout.trim()).toBe('0');
    // A query for web by TCP, as bytes: length, header, question.
    const query =
      '\\\\0\\\\x15\\\\x12\\\\x34\\\\x01\\\\0\\\\0\\\\x01\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0\\\\x03web\\\\0\\\\0\\\\x01\\\\0\\\\x01';
    const answer = await exec('db', `echo -en "${query}" | nc -w 2 127.0.0.11 53 | od -An -tu1 | tail -1`);
    const bytes = (await addressOn('web', 'app')).split('.');
    expect(answer.stdout.trim().split(/\s+/).slice(-4)).toEqual(bytes);
  });

  test('an address for IPv6 is asked for in vain, without the name being denied', async () => {
    const { stdout } = await exec('db', 'nslookup -type=aaaa web');
    expect(stdout).not.toContain('NXDOMAIN');
  });

  test('inspect, list and filters tell of it', async () => {
    const network = await inspect('app');
    expect(network).toMatchObject({ Name: 'app', Driver: 'bridge', Internal: false, Labels: { of: 'test' } });
    expect(
      Object.values(network.Containers)
        .map(({ Name }) => Name)
        .sort(),
    ).toEqual(['db', 'web']);
    const list = (...filters: string[]) =>
      engine.dockerText(
        'network',
        'ls',
        '--format',
        '{{.Name}}',
        ...filters.flatMap((text) => ['--filter', text]),
      );
    expect(await list('label=of=test')).toBe('app');
    expect(await list('type=custom')).toBe('app');
    expect(await list('dangling=true')).toBe('');
    expect(await engine.dockerText('ps', '--filter', 'network=app', '--format', '{{.Names}}')).toBe(
      'db\nweb',
    );
  });

  test('others do not reach it, and it is not removed under its containers', async () => {
    const address = await addressOn('web', 'app');
    const stranger = await engine.docker(['run', '--rm', 'busybox', 'ping', '-c1', '-W1', address]);
    expect(stranger.code).toBe(1);
    const removal = await engine.docker(['network', 'rm', 'app']);
    expect(removal.stderr).toContain('network app has active endpoints');
  });

  test('a rename is heard of, and an engine that starts again goes on answering', async () => {
    await engine.dockerText('rename', 'web', 'shop');
    expect(await lookUp('db', 'shop')).toBe(await addressOn('shop', 'app'));
    expect(await lookUp('db', 'web')).toBe('');
    await engine.stop('SIGKILL');
    await engine.start();
    expect(await lookUp('db', 'shop')).toBe(await addressOn('shop', 'app'));
    await engine.dockerText('rename', 'shop', 'web');
  });
});

test('names that no network knows are asked of the servers that the container names', async () => {
  // A name server of the machine's own that knows one address.
  await using server = createSocket('udp4');
  server.on('message', (query: Buffer, { port, address }) => {
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 6);
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const record = Buffer.from('c00c00010001000000010004c0000207', 'hex');
    server.send(Buffer.concat([header, question, record]), port, address);
  });
  await new Promise<void>((resolve) => server.bind(53, '127.0.0.153', resolve));
  await engine.dockerText('network', 'create', 'outward');
  await run('asker', '--network', 'outward', '--dns', '127.0.0.153');
  expect(await lookUp('asker', 'example.org')).toBe('192.0.2.7');
  // From an internal network nobody outside is asked.
  await engine.dockerText('network', 'create', '--internal', 'inward');
  await run('hidden', '--network', 'inward', '--dns', '127.0.0.153');
  expect(await lookUp('hidden', 'example.org')).toBe('');
  expect((await exec('hidden', 'ip route | grep -c default; true')).stdout.trim()).toBe('0');
  await engine.dockerText('rm', '-f', 'asker', 'hidden');
});

test('connect and disconnect, running and not, with the way out in the right place', async () => {
  await engine.dockerText('network', 'create', 'one');
  await engine.dockerText('network', 'create', '--subnet', '10.199.7.0/24', '--gateway', '10.199.7.9', 'two');
  using events = followEvents(engine, 'type=network');
  await run('both', '--network', 'one');
  await engine.dockerText('network', 'connect', '--ip', '10.199.7.77', '--alias', 'other', 'two', 'both');
  const routes = async () => (await exec('both', 'ip route | grep default')).stdout.trim();
  const gateway = (await inspect('one')).IPAM.Config?.[0]?.Gateway;
  expect(await routes()).toBe(`default via ${gateway} dev eth0`);
  expect((await exec('both', 'ip -4 -o addr show eth1')).stdout).toContain('10.199.7.77/24');
  await run('peer', '--network', 'two');
  expect(await lookUp('peer', 'other')).toBe('10.199.7.77');
  await engine.dockerText('network', 'disconnect', 'one', 'both');
  expect(await routes()).toBe('default via 10.199.7.9 dev eth1');
  expect((await exec('both', 'ls /sys/class/net')).stdout.split('\n').filter(Boolean)).toEqual([
    'eth1',
    'lo',
  ]);
  // What was decided holds for the next start.
  await engine.dockerText('restart', '-t', '0', 'both');
  expect((await exec('both', 'ip -4 -o addr show eth0')).stdout).toContain('10.199.7.77/24');
  const container = expect.stringMatching(/^[0-9a-f]{64}$/);
  await events.next(({ Action, Actor }) => Action === 'connect' && Actor.Attributes.name === 'two');
  expect((await events.action('disconnect')).Actor.Attributes).toEqual({
    container,
    name: 'one',
    type: 'bridge',
  });
  await engine.dockerText('rm', '-f', 'both', 'peer');
});

test('a container on several networks from its creation on', async () => {
  await engine.dockerText('network', 'create', 'first');
  await engine.dockerText('network', 'create', 'second');
  const body = {
    Image: 'busybox',
    Cmd: ['sleep', '1000'],
    HostConfig: {
      NetworkMode: 'second',
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
    NetworkingConfig: { EndpointsConfig: { first: { Aliases: ['a'] }, second: { Aliases: ['b'] } } },
  };
  await engine.api('POST', '/containers/create?name=multi', { body });
  await engine.dockerText('start', 'multi');
  expect((await exec('multi', 'ls /sys/class/net')).stdout.split('\n').filter(Boolean)).toEqual([
    'eth0',
    'eth1',
    'lo',
  ]);
  const settings = JSON.parse(
    await engine.dockerText('inspect', '-f', '{{json .NetworkSettings}}', 'multi'),
  ) as {
    Ports: Record<string, unknown[]>;
    Networks: Record<string, { DNSNames: string[]; Aliases: string[] }>;
  };
  expect(settings.Ports['80/tcp']).toHaveLength(1);
  expect(settings.Networks.first).toMatchObject({
    Aliases: ['a'],
    DNSNames: ['multi', 'a', expect.any(String)],
  });
  // The primary network is the way out.
  const gateway = (await inspect('second')).IPAM.Config?.[0]?.Gateway;
  expect((await exec('multi', 'ip route | grep default')).stdout.trim()).toBe(
    `default via ${gateway} dev eth0`,
  );
  await engine.dockerText('rm', '-f', 'multi');
});

test('what cannot be is refused in words', async () => {
  await engine.dockerText('network', 'create', 'plain');
  const refused = async (...args: string[]) => (await engine.docker(args)).stderr;
  expect(await refused('network', 'create', 'plain')).toContain('network with name plain already exists');
  expect(await refused('network', 'create', '-d', 'overlay', 'x')).toContain('could not find plugin overlay');
  expect(await refused('network', 'rm', 'host')).toContain('pre-defined network and cannot be removed');
  expect(await refused('run', '--rm', '--network', 'plain', '--ip', '10.0.0.9', 'busybox', 'true')).toContain(
    'networks with user configured subnets',
  );
  await run('alone', '--network', 'none');
  expect(await refused('network', 'connect', 'plain', 'alone')).toContain('private (none) mode');
  await run('open', '--network', 'host');
  expect(await refused('network', 'connect', 'plain', 'open')).toContain('sharing network namespace');
  expect(await refused('network', 'disconnect', 'plain', 'alone')).toContain(
    'is not connected to network plain',
  );
  await engine.dockerText('rm', '-f', 'alone', 'open');
});

test('prune takes what no container is on', async () => {
  await engine.dockerText('network', 'create', '--label', 'keep', 'kept');
  const pruned = await engine.dockerText('network', 'prune', '-f', '--filter', 'label!=keep');
  expect(pruned).toContain('plain');
  expect(await engine.dockerText('network', 'ls', '--filter', 'type=custom', '--format', '{{.Name}}')).toBe(
    'kept',
  );
  await engine.dockerText('network', 'rm', 'kept');
});
