import { expect, test } from 'vitest';
import type { ContainerConfig, ExecRequest, HostConfig } from '../api/containers.ts';
import { planBundle } from './bundle.ts';
import { planExecProcess } from './bundle-process.ts';
import type { BundleRequest, HostFacts } from './bundle-request.ts';
import { allCapabilities, defaultCapabilities } from './capabilities.ts';

const node = (path: string, type: 'b' | 'c', major: number, minor: number) => ({
  path,
  type,
  major,
  minor,
  mode: 0o660,
  uid: 0,
  gid: 6,
});
const host: HostFacts = {
  architecture: 'x64',
  cpus: 4,
  cgroupVersion: 2,
  lastCapability: 40,
  kernel: [6, 12],
  devices: () => [
    node('/dev/fuse', 'c', 10, 229),
    node('/dev/vda', 'b', 254, 0),
    node('/dev/snd/timer', 'c', 116, 33),
    node('/dev/snd/seq', 'c', 116, 1),
  ],
};

function plan(hostConfig: HostConfig = {}, config: ContainerConfig = {}, rest: Partial<BundleRequest> = {}) {
  return planBundle({
    id: 'a'.repeat(64),
    cgroup: '/t/c/a',
    config: { Cmd: ['true'], ...config },
    hostConfig,
    hostname: 'box',
    files: { hosts: '/c/hosts', hostname: '/c/hostname', resolvConf: '/c/resolv.conf' },
    mounts: [],
    host,
    initProgram: '/berth/berth-init',
    ...rest,
  });
}

const mountAt = (spec: ReturnType<typeof plan>, destination: string) =>
  spec.mounts.find((mount) => mount.destination === destination);
const namespaces = (spec: ReturnType<typeof plan>) => spec.linux.namespaces.map(({ type }) => type).sort();

test('--init puts our first process before the command, and nothing else does', () => {
  const spec = plan({ Init: true }, { Entrypoint: ['/run'], Cmd: ['it'] });
  expect(spec.process.args).toEqual(['/sbin/docker-init', '--', '/run', 'it']);
  expect(mountAt(spec, '/sbin/docker-init')).toMatchObject({ source: '/berth/berth-init', type: 'bind' });
  expect(mountAt(spec, '/sbin/docker-init')!.options).toContain('rro');
  expect(mountAt(plan(), '/sbin/docker-init')).toBeUndefined();
});

test('the default container has Docker’s shape', () => {
  const spec = plan();
  expect(spec.process).toMatchObject({
    terminal: false,
    user: { uid: 0, gid: 0 },
    args: ['true'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=box'],
    cwd: '/',
    noNewPrivileges: false,
  });
  expect(spec.process.capabilities.bounding).toEqual(defaultCapabilities);
  expect(spec.process.capabilities.ambient).toEqual([]);
  expect(namespaces(spec)).toEqual(['cgroup', 'ipc', 'mount', 'network', 'pid', 'uts']);
  expect(spec.hostname).toBe('box');
  expect(spec.root.readonly).toBe(false);
  expect(spec.linux.cgroupsPath).toBe('/t/c/a');
  expect(spec.linux.maskedPaths).toContain('/proc/kcore');
  expect(spec.linux.readonlyPaths).toContain('/proc/sys');
  expect(spec.linux.seccomp?.defaultAction).toBe('SCMP_ACT_ERRNO');
  expect(spec.linux.sysctl).toEqual({
    'net.ipv4.ip_unprivileged_port_start': '0',
    'net.ipv4.ping_group_range': '0 2147483647',
  });
  expect(mountAt(spec, '/dev/shm')?.options).toContain('size=67108864');
  expect(mountAt(spec, '/sys')?.options).toContain('ro');
  expect(spec.linux.resources.devices[0]).toEqual({ allow: false, access: 'rwm' });
});

test('entrypoint and command are joined; without either there is nothing to run', () => {
  expect(plan({}, { Entrypoint: ['/e'], Cmd: ['a', 'b'] }).process.args).toEqual(['/e', 'a', 'b']);
  expect(() => plan({}, { Cmd: [] })).toThrow(expect.objectContaining({ code: 'no-command' }));
});

test('environment: later words replace earlier ones in place, a bare name takes one away', () => {
  const env = plan({}, { Tty: true, Env: ['PATH=/x', 'A=1', 'A=2', 'HOSTNAME'] }).process.env;
  expect(env).toEqual(['PATH=/x', 'TERM=xterm', 'A=2']);
});

test('user and groups are handed on as words', () => {
  expect(plan({ GroupAdd: ['audio', '44'] }, { User: 'www:web' }).process.user).toEqual({
    uid: 0,
    gid: 0,
    username: 'www:web',
    groups: ['audio', '44'],
  });
});

test.each<[string, HostConfig, (names: string[]) => void]>([
  ['add', { CapAdd: ['net_admin'] }, (names) => expect(names).toContain('CAP_NET_ADMIN')],
  ['drop', { CapDrop: ['CAP_CHOWN'] }, (names) => expect(names).not.toContain('CAP_CHOWN')],
  ['drop all, add one', { CapDrop: ['ALL'], CapAdd: ['CHOWN'] }, (n) => expect(n).toEqual(['CAP_CHOWN'])],
  ['add all but one', { CapAdd: ['ALL'], CapDrop: ['SYS_BOOT'] }, (n) => expect(n).toHaveLength(40)],
  ['privileged', { Privileged: true }, (names) => expect(names).toEqual(allCapabilities(40))],
])('capabilities: %s', (_name, hostConfig, check) => {
  check(plan(hostConfig).process.capabilities.effective);
});

test('an unknown capability is refused', () => {
  expect(() => plan({ CapAdd: ['FLY'] })).toThrow('invalid capability: "FLY"');
});

test('privileged: everything open, all devices', () => {
  const spec = plan({ Privileged: true });
  expect(spec.linux.maskedPaths).toEqual([]);
  expect(spec.linux.readonlyPaths).toEqual([]);
  expect(spec.linux.seccomp).toBeUndefined();
  expect(spec.linux.resources.devices).toEqual([{ allow: true, access: 'rwm' }]);
  expect(spec.linux.devices.map((device) => device.path)).toContain('/dev/vda');
  expect(mountAt(spec, '/sys')?.options).toContain('rw');
});

test.each<[HostConfig, object]>([
  [{ Memory: 1000 }, { memory: { limit: 1000, swap: 2000 } }],
  [{ Memory: 1000, MemorySwap: -1 }, { memory: { limit: 1000, swap: -1 } }],
  [
    { Memory: 1000, MemorySwap: 1000, MemoryReservation: 5 },
    { memory: { limit: 1000, reservation: 5, swap: 1000 } },
  ],
  [{ NanoCpus: 1_500_000_000 }, { cpu: { period: 100_000, quota: 150_000 } }],
  [{ CpuShares: 512, CpuQuota: 5000, CpuPeriod: 9000 }, { cpu: { shares: 512, quota: 5000, period: 9000 } }],
  [{ CpusetCpus: '0-1', CpusetMems: '0' }, { cpu: { cpus: '0-1', mems: '0' } }],
  [{ PidsLimit: 10 }, { pids: { limit: 10 } }],
  [{ PidsLimit: -1 }, { pids: { limit: -1 } }],
  [{ PidsLimit: 0 }, {}],
  [
    { BlkioWeight: 300, BlkioDeviceReadBps: [{ Path: '/dev/vda', Rate: 7 }] },
    { blockIO: { weight: 300, throttleReadBpsDevice: [{ major: 254, minor: 0, rate: 7 }] } },
  ],
])('limits of %j', (hostConfig, expected) => {
  const { devices: _devices, ...resources } = plan(hostConfig).linux.resources;
  expect(resources).toEqual(expected);
});

test('devices: a file, a directory, a rule, one that is not there', () => {
  const spec = plan({
    Devices: [
      { PathOnHost: '/dev/fuse', PathInContainer: '/dev/f', CgroupPermissions: 'rw' },
      { PathOnHost: '/dev/snd', PathInContainer: '/dev/snd' },
    ],
    DeviceCgroupRules: ['c 42:* rmw'],
  });
  expect(spec.linux.devices.map((device) => device.path)).toEqual([
    '/dev/f',
    '/dev/snd/timer',
    '/dev/snd/seq',
  ]);
  const rules = spec.linux.resources.devices;
  expect(rules).toContainEqual({ allow: true, type: 'c', major: 10, minor: 229, access: 'rw' });
  expect(rules).toContainEqual({ allow: true, type: 'c', major: 42, access: 'rmw' });
  const missing = [{ PathOnHost: '/dev/none', PathInContainer: '/dev/none' }];
  expect(() => plan({ Devices: missing })).toThrow('"/dev/none": no such file or directory');
  expect(() => plan({ DeviceCgroupRules: ['x'] })).toThrow("invalid device cgroup rule format: 'x'");
});

test('mounts: parents before children, the caller’s in place of the default', () => {
  const mounts = [
    { source: '/v/deep', destination: '/data/sub', readOnly: true },
    { source: '/v/data', destination: '/data', readOnly: false, propagation: 'rshared' },
    { source: '/v/hosts', destination: '/etc/hosts', readOnly: false },
  ];
  const spec = plan({ Tmpfs: { '/run': 'size=64m,exec' } }, {}, { mounts });
  const order = spec.mounts.map((mount) => mount.destination);
  expect(order.indexOf('/data')).toBeLessThan(order.indexOf('/data/sub'));
  expect(order.filter((path) => path === '/etc/hosts')).toHaveLength(1);
  expect(mountAt(spec, '/etc/hosts')?.source).toBe('/v/hosts');
  expect(mountAt(spec, '/data/sub')?.options).toEqual(['rbind', 'rprivate', 'rro']);
  expect(mountAt(spec, '/run')?.options).toEqual(['nosuid', 'nodev', 'size=64m', 'exec']);
  expect(spec.linux.rootfsPropagation).toBe('rshared');
  expect(() => plan({ Tmpfs: { '/run': 'lowerdir=/' } })).toThrow('invalid tmpfs option');
});

test('tmpfs by --mount', () => {
  const Mounts = [{ Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 4096, Mode: 0o700 } }];
  expect(mountAt(plan({ Mounts }), '/t')?.options).toEqual([
    'noexec',
    'nosuid',
    'nodev',
    'size=4096',
    'mode=700',
  ]);
});

test.each<[HostConfig, string[]]>([
  [{ NetworkMode: 'host' }, ['cgroup', 'ipc', 'mount', 'pid', 'uts']],
  [{ PidMode: 'host', UTSMode: 'host' }, ['cgroup', 'ipc', 'mount', 'network']],
  [{ IpcMode: 'host', CgroupnsMode: 'host' }, ['mount', 'network', 'pid', 'uts']],
])('namespaces of %j', (hostConfig, expected) => {
  expect(namespaces(plan(hostConfig))).toEqual(expected);
});

test('namespaces of another container are joined by its pid', () => {
  const spec = plan(
    { NetworkMode: 'container:x', IpcMode: 'container:x' },
    {},
    { join: { network: 7, ipc: 7 } },
  );
  expect(spec.linux.namespaces).toContainEqual({ type: 'network', path: '/proc/7/ns/net' });
  expect(mountAt(spec, '/dev/shm')).toMatchObject({ type: 'bind', source: '/proc/7/root/dev/shm' });
  expect(spec.linux.sysctl).toEqual({});
});

test('security options', () => {
  expect(plan({ SecurityOpt: ['no-new-privileges'] }).process.noNewPrivileges).toBe(true);
  expect(plan({ SecurityOpt: ['no-new-privileges:false'] }).process.noNewPrivileges).toBe(false);
  expect(plan({ SecurityOpt: ['seccomp=unconfined'] }).linux.seccomp).toBeUndefined();
  expect(plan({ SecurityOpt: ['apparmor=mine'] }).process.apparmorProfile).toBe('mine');
  expect(() => plan({ SecurityOpt: ['speed=high'] })).toThrow('invalid --security-opt 2: "speed=high"');
});

test('a seccomp profile of the caller is filtered by its own conditions', () => {
  const profile = JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    syscalls: [
      { names: ['mkdir'], action: 'SCMP_ACT_ERRNO', args: [] },
      { names: ['bpf'], action: 'SCMP_ACT_ERRNO', includes: { caps: ['CAP_BPF'] } },
      { names: ['arm'], action: 'SCMP_ACT_ERRNO', includes: { arches: ['arm64'] } },
      { names: ['old'], action: 'SCMP_ACT_ERRNO', excludes: { minKernel: '4.8' } },
    ],
  });
  expect(plan({ SecurityOpt: [`seccomp=${profile}`] }).linux.seccomp).toEqual({
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO' }],
  });
  expect(() => plan({ SecurityOpt: ['seccomp={'] })).toThrow('Decoding seccomp profile failed');
});

test('the default profile follows capabilities and machine', () => {
  const names = (hostConfig: HostConfig, facts: Partial<HostFacts> = {}) =>
    plan(hostConfig, {}, { host: { ...host, ...facts } }).linux.seccomp!.syscalls.flatMap(
      (rule) => rule.names,
    );
  expect(names({})).not.toContain('mount');
  expect(names({ CapAdd: ['SYS_ADMIN'] })).toContain('mount');
  expect(names({})).toContain('arch_prctl');
  expect(names({}, { architecture: 'arm64' })).not.toContain('arch_prctl');
  expect(names({}, { kernel: [4, 4] })).not.toContain('ptrace');
  const clone3 = plan().linux.seccomp!.syscalls.find((rule) => rule.names.includes('clone3'));
  expect(clone3).toMatchObject({ action: 'SCMP_ACT_ERRNO', errnoRet: 38 });
});

test('ulimits, OOM score, console size, working directory, domain', () => {
  const spec = plan(
    {
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      OomScoreAdj: 100,
      ConsoleSize: [24, 80],
      Sysctls: { 'net.core.somaxconn': '9' },
      ReadonlyRootfs: true,
    },
    { WorkingDir: '/w', Tty: true, Domainname: 'example' },
  );
  expect(spec.process).toMatchObject({
    terminal: true,
    consoleSize: { height: 24, width: 80 },
    cwd: '/w',
    oomScoreAdj: 100,
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }],
  });
  expect(spec.linux.sysctl).toMatchObject({ 'kernel.domainname': 'example', 'net.core.somaxconn': '9' });
  expect(spec.root.readonly).toBe(true);
  expect(mountAt(spec, '/etc/hosts')?.options).toContain('rro');
});

test('an exec has the container’s environment and what it names itself', () => {
  const exec: ExecRequest = {
    Cmd: ['sh'],
    Tty: true,
    Env: ['B=2'],
    User: 'app',
    WorkingDir: '/x',
    Privileged: true,
  };
  const process = planExecProcess({ config: { Env: ['A=1'] }, hostConfig: {}, hostname: 'box', host, exec });
  expect(process).toMatchObject({ terminal: true, args: ['sh'], cwd: '/x', user: { username: 'app' } });
  expect(process.env).toEqual([expect.stringMatching(/^PATH=/), 'HOSTNAME=box', 'TERM=xterm', 'A=1', 'B=2']);
  expect(process.capabilities.bounding).toEqual(allCapabilities(40));
  expect(() =>
    planExecProcess({ config: {}, hostConfig: {}, hostname: '', host, exec: { Cmd: [] } }),
  ).toThrow('No exec command specified');
});
