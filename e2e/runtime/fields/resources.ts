import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Spec } from '../bundle.ts';
import { limits, type Row, type Rows, shows, unified } from './row.ts';

const resources = (key: string, value: unknown) => (spec: Spec) => {
  spec.linux.resources = { ...spec.linux.resources, [key]: value };
};

function memory(
  key: string,
  value: unknown,
  does: string,
  v1: [string, string | RegExp] | undefined,
  v2: [string, string | RegExp] | undefined,
  more: Record<string, unknown> = {},
): Row {
  return limits({
    does,
    controller: 'memory',
    change: resources('memory', { ...more, [key]: value }),
    ...(v1 ? { v1 } : {}),
    ...(v2 ? { v2 } : {}),
  });
}

function cpu(
  key: string,
  value: unknown,
  does: string,
  v1: [string, string],
  v2: [string, string | RegExp] | undefined,
  more: Record<string, unknown> = {},
): Row {
  const controller = key === 'cpus' || key === 'mems' ? 'cpuset' : 'cpu';
  return limits({
    does,
    controller,
    change: resources('cpu', { ...more, [key]: value }),
    v1,
    ...(v2 ? { v2 } : {}),
  });
}

/** Number of the first disk of this host, or of a loop device, which is one to the kernel too. */
function disk(): { major: number; minor: number } {
  const lines = readFileSync('/proc/partitions', 'utf8').split('\n').slice(2).filter(Boolean);
  const names = lines.map((line) => line.trim().split(/\s+/));
  const whole = names.find(([, , , name]) => existsSync(`/sys/block/${name}`)) ?? ['7', '0'];
  return { major: Number(whole[0]), minor: Number(whole[1]) };
}

const { major, minor } = disk();
const throttle = (key: string, v1: string, v2: string): Row =>
  limits({
    does: 'by the number of the device',
    controller: 'blkio',
    change: resources('blockIO', { [key]: [{ major, minor, rate: 1_048_576 }] }),
    v1: [`blkio.throttle.${v1}_device`, `${major}:${minor} 1048576`],
    v2: ['io.max', new RegExp(`${major}:${minor} .*${v2}=1048576`)],
  });

function blockWeight(change: Record<string, unknown>, does: string, wanted: RegExp, bfq: string): Row {
  const file = (name: string) => `${unified ? 'io' : 'blkio'}.bfq.${name}`;
  return limits({
    does,
    controller: 'blkio',
    change: resources('blockIO', change),
    v1: [file(bfq), wanted],
    // What 333 of 10 to 1000 is of 1 to 10,000; a device's own needs a scheduler that few machines have.
    v2: bfq === 'weight' ? ['io.weight', 'default 3263'] : ['io.bfq.weight', wanted],
  });
}

/** A device rule, seen by what the container may open. */
function deviceRule(
  rules: Record<string, unknown>[],
  line: string,
  wanted: string | RegExp,
  does: string,
): Row {
  return shows(
    does,
    (spec) => {
      spec.linux.resources.devices = [{ allow: false, access: 'rwm' }, ...rules];
      spec.linux.devices = [{ path: '/dev/log-of-kernel', type: 'c', major: 1, minor: 11 }];
      for (const set of ['bounding', 'effective', 'permitted'])
        spec.process.capabilities[set].push('CAP_SYSLOG');
    },
    line,
    wanted,
  );
}

const open = 'dd if=/dev/log-of-kernel of=/dev/null count=0 2>&1 && echo opened; true';
const kernelLog = { allow: true, type: 'c', major: 1, minor: 11, access: 'r' };

export const resourceRows: Rows = {
  'linux.resources.unified': {
    does: 'files of cgroup version 2 by their names; refused where version 1 is used',
    proof: async (bundle) => {
      const done = await bundle.sh('true', resources('unified', { 'memory.min': '131072' }));
      if (unified) expect(done.code).toBe(0);
      else expect(done.stderr).toContain('linux.resources.unified');
      bundle.reset();
      const outside = await bundle.sh('true', resources('unified', { '../memory.max': '1' }));
      expect(outside).toMatchObject({ code: 1, stderr: expect.stringContaining('names of cgroup files') });
    },
  },
  'linux.resources.devices.allow': deviceRule([], open, /not permitted/, 'the last rule that matches counts'),
  'linux.resources.devices.type': deviceRule([kernelLog], open, /opened/, 'a, b or c'),
  'linux.resources.devices.major': deviceRule(
    [{ ...kernelLog, major: 2 }],
    open,
    /not permitted/,
    'any where missing',
  ),
  'linux.resources.devices.minor': deviceRule(
    [{ ...kernelLog, minor: 12 }],
    open,
    /not permitted/,
    'any where missing',
  ),
  'linux.resources.devices.access': deviceRule(
    [{ ...kernelLog, access: 'w' }],
    open,
    /not permitted/,
    'r, w and m',
  ),
  'linux.resources.pids.limit': limits({
    does: 'processes; -1: no limit',
    controller: 'pids',
    change: resources('pids', { limit: 42 }),
    v1: ['pids.max', '42'],
    v2: ['pids.max', '42'],
  }),
  'linux.resources.blockIO.weight': blockWeight(
    { weight: 333 },
    'of the scheduler in use',
    /(default )?333/,
    'weight',
  ),
  'linux.resources.blockIO.leafWeight': limits({
    does: 'version 1 with CFQ; refused by name where the kernel has it no more',
    controller: 'blkio',
    change: resources('blockIO', { leafWeight: 100 }),
    v1: ['blkio.leaf_weight', '100'],
  }),
  ...Object.fromEntries(
    ['major', 'minor', 'weight'].map((key) => [
      `linux.resources.blockIO.weightDevice.${key}`,
      blockWeight(
        { weightDevice: [{ major, minor, weight: 444 }] },
        'the weight of one device',
        new RegExp(`${major}:${minor} 444`),
        'weight_device',
      ),
    ]),
  ),
  'linux.resources.blockIO.weightDevice.leafWeight': limits({
    does: 'as leafWeight',
    controller: 'blkio',
    change: resources('blockIO', { weightDevice: [{ major, minor, leafWeight: 100 }] }),
    v1: ['blkio.leaf_weight_device', /100/],
  }),
  'linux.resources.blockIO.throttleReadBpsDevice': throttle('throttleReadBpsDevice', 'read_bps', 'rbps'),
  'linux.resources.blockIO.throttleWriteBpsDevice': throttle('throttleWriteBpsDevice', 'write_bps', 'wbps'),
  'linux.resources.blockIO.throttleReadIOPSDevice': throttle('throttleReadIOPSDevice', 'read_iops', 'riops'),
  'linux.resources.blockIO.throttleWriteIOPSDevice': throttle(
    'throttleWriteIOPSDevice',
    'write_iops',
    'wiops',
  ),
  'linux.resources.cpu.shares': cpu(
    'shares',
    512,
    'share of CPU time',
    ['cpu.shares', '512'],
    ['cpu.weight', '20'],
  ),
  'linux.resources.cpu.quota': cpu(
    'quota',
    20_000,
    'microseconds in a period; -1: no limit',
    ['cpu.cfs_quota_us', '20000'],
    ['cpu.max', '20000 100000'],
  ),
  'linux.resources.cpu.period': cpu(
    'period',
    50_000,
    'length of a period in microseconds',
    ['cpu.cfs_period_us', '50000'],
    ['cpu.max', 'max 50000'],
  ),
  'linux.resources.cpu.burst': cpu(
    'burst',
    10_000,
    'unused time that may be used later',
    ['cpu.cfs_burst_us', '10000'],
    ['cpu.max.burst', '10000'],
    { quota: 20_000 },
  ),
  'linux.resources.cpu.realtimeRuntime': cpu(
    'realtimeRuntime',
    0,
    'version 1; version 2 has none, where it has no effect',
    ['cpu.rt_runtime_us', '0'],
    ['cpu.stat', /usage/],
  ),
  'linux.resources.cpu.realtimePeriod': cpu(
    'realtimePeriod',
    900_000,
    'version 1; version 2 has none, where it has no effect',
    ['cpu.rt_period_us', '900000'],
    ['cpu.stat', /usage/],
  ),
  'linux.resources.cpu.cpus': cpu('cpus', '0', 'CPUs to use', ['cpuset.cpus', '0'], ['cpuset.cpus', '0']),
  'linux.resources.cpu.mems': cpu(
    'mems',
    '0',
    'memory nodes to use',
    ['cpuset.mems', '0'],
    ['cpuset.mems', '0'],
  ),
  'linux.resources.cpu.idle': cpu(
    'idle',
    1,
    'only time that nobody else wants',
    ['cpu.idle', '1'],
    ['cpu.idle', '1'],
  ),
  'linux.resources.hugepageLimits.pageSize': hugepages(),
  'linux.resources.hugepageLimits.limit': hugepages(),
  'linux.resources.memory.limit': memory(
    'limit',
    64 << 20,
    'bytes; -1: no limit',
    ['memory.limit_in_bytes', '67108864'],
    ['memory.max', '67108864'],
  ),
  'linux.resources.memory.reservation': memory(
    'reservation',
    32 << 20,
    'left alone under pressure',
    ['memory.soft_limit_in_bytes', '33554432'],
    ['memory.low', '33554432'],
  ),
  'linux.resources.memory.swap': memory(
    'swap',
    128 << 20,
    'memory and swap together, in both versions; no effect in a kernel without swap accounting',
    ['memory.memsw.limit_in_bytes', '134217728'],
    ['memory.swap.max', '67108864'],
    { limit: 64 << 20 },
  ),
  'linux.resources.memory.kernel': ignored('kernel', 'not read: deprecated by the spec, gone from kernels'),
  'linux.resources.memory.kernelTCP': ignored(
    'kernelTCP',
    'not read: deprecated by the spec, gone from kernels',
  ),
  'linux.resources.memory.swappiness': memory(
    'swappiness',
    17,
    'version 1; version 2 has none, where it has no effect',
    ['memory.swappiness', '17'],
    ['memory.stat', /anon/],
  ),
  'linux.resources.memory.disableOOMKiller': memory(
    'disableOOMKiller',
    true,
    'version 1; version 2 has none, where it has no effect',
    ['memory.oom_control', /oom_kill_disable 1/],
    ['memory.stat', /anon/],
  ),
  'linux.resources.memory.useHierarchy': ignored('useHierarchy', 'not read: every kernel of today does so'),
  'linux.resources.memory.checkBeforeUpdate': {
    does: 'a limit below what is in use is refused, instead of being reached for by killing',
    proof: async (bundle) => {
      const id = await bundle.running();
      const input = JSON.stringify({ memory: { limit: 4096, checkBeforeUpdate: true } });
      const done = await bundle.run(['update', '-r', '-', id], { input });
      expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('in use') });
      expect(await bundle.state(id)).toMatchObject({ status: 'running' });
    },
  },
  'linux.resources.network.classID': limits({
    does: 'version 1; refused by name elsewhere',
    controller: 'net_cls',
    change: resources('network', { classID: 1_048_577 }),
    v1: ['net_cls.classid', '1048577'],
  }),
  ...Object.fromEntries(
    ['name', 'priority'].map((key) => [
      `linux.resources.network.priorities.${key}`,
      limits({
        does: 'version 1; refused by name elsewhere',
        controller: 'net_prio',
        change: resources('network', { priorities: [{ name: 'lo', priority: 5 }] }),
        v1: ['net_prio.ifpriomap', /lo 5/],
      }),
    ]),
  ),
  ...Object.fromEntries(
    ['hcaHandles', 'hcaObjects'].map((key) => [
      `linux.resources.rdma.*.${key}`,
      limits({
        does: 'where the machine has the controller; refused by name elsewhere',
        controller: 'rdma',
        change: resources('rdma', { mlx5_1: { [key]: 3 } }),
      }),
    ]),
  ),
};

function hugepages(): Row {
  return limits({
    does: 'where the machine has the controller; refused by name elsewhere',
    controller: 'hugetlb',
    change: resources('hugepageLimits', [{ pageSize: '2MB', limit: 4 << 20 }]),
    v1: ['hugetlb.2MB.limit_in_bytes', '4194304'],
    v2: ['hugetlb.2MB.max', '4194304'],
  });
}

function ignored(key: string, does: string): Row {
  return shows(
    does,
    resources('memory', { [key]: key === 'useHierarchy' ? true : 1 << 20 }),
    'echo ran',
    'ran',
  );
}
