import { expect, test } from 'vitest';
import type { Resources } from '../api/containers.ts';
import type { HostLimits } from './host-limits.ts';
import { checkResources, fitResources, parseSet } from './limit-rules.ts';

const megabyte = 1024 * 1024;

const everything: HostLimits = {
  memory: true,
  swap: true,
  swappiness: true,
  oomKillDisable: true,
  cpuShares: true,
  cpuQuota: true,
  cpuRealtime: true,
  cpus: '0-3',
  memoryNodes: '0',
  pids: true,
  blockWeight: true,
  blockThrottle: true,
  apparmor: true,
};
const nothing: HostLimits = {
  ...(Object.fromEntries(Object.keys(everything).map((name) => [name, false])) as unknown as HostLimits),
  cpus: undefined,
  memoryNodes: undefined,
};

test.each<[Resources, RegExp]>([
  [{ Memory: 5 * megabyte }, /Minimum memory limit allowed is 6MB/],
  [{ Memory: 10 * megabyte, MemorySwap: 9 * megabyte }, /should be larger than memory limit/],
  [{ MemorySwap: 9 * megabyte }, /always set the Memory limit/],
  [{ Memory: 10 * megabyte, MemoryReservation: 11 * megabyte }, /can not be less than memory reservation/],
  [{ MemoryReservation: 1 }, /Minimum memory reservation allowed is 6MB/],
  [{ MemorySwappiness: 101 }, /valid memory swappiness range is 0-100/],
  [{ NanoCpus: 5e9 }, /range of CPUs is from 0.01 to 4.00/],
  [{ NanoCpus: 1e9, CpuQuota: 5000 }, /Nano CPUs and CPU Quota/],
  [{ NanoCpus: 1e9, CpuPeriod: 5000 }, /Nano CPUs and CPU Period/],
  [{ CpuPeriod: 999 }, /CPU cfs period can not be less than 1ms/],
  [{ CpuQuota: 999 }, /CPU cfs quota can not be less than 1ms/],
  [{ CpuRealtimePeriod: 10, CpuRealtimeRuntime: 20 }, /real-time runtime cannot be higher/],
  [{ BlkioWeight: 9 }, /Range of blkio weight is from 10 to 1000/],
])('%j is refused', (limits, message) => {
  expect(() => checkResources(limits, 4)).toThrow(message);
});

test('limits that make sense pass', () => {
  checkResources({ Memory: 6 * megabyte, MemorySwap: -1, NanoCpus: 4e9, BlkioWeight: 1000 }, 4);
  checkResources({ CpuPeriod: 1000, CpuQuota: -1, MemorySwappiness: -1 }, 4);
});

const asked: Resources = {
  Memory: 10 * megabyte,
  MemoryReservation: 8 * megabyte,
  MemorySwappiness: 5,
  OomKillDisable: true,
  PidsLimit: 5,
  CpuShares: 5,
  CpuQuota: 5000,
  CpusetCpus: '0,2-3',
  BlkioWeight: 100,
  BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1 }],
};

test('a machine that can hold them is given all limits as they are', () => {
  expect(fitResources(asked, everything)).toEqual({ limits: asked, warnings: [] });
});

test('what a machine cannot hold is left out, each with a warning', () => {
  const { limits, warnings } = fitResources(asked, nothing);
  expect(limits).toEqual({
    Memory: 0,
    MemorySwap: -1,
    MemoryReservation: 0,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: null,
    CpuShares: 0,
    CpuPeriod: 0,
    CpuQuota: 0,
    CpusetCpus: '',
    CpusetMems: '',
    BlkioWeight: 0,
    BlkioDeviceReadBps: [],
  });
  expect(warnings).toHaveLength(10);
  expect(warnings).toContain(
    'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
  );
});

test('memory without swap accounting is limited without swap', () => {
  const { limits, warnings } = fitResources({ Memory: 10 * megabyte }, { ...everything, swap: false });
  expect(limits).toEqual({ Memory: 10 * megabyte, MemorySwap: -1 });
  expect(warnings).toEqual([expect.stringContaining('Memory limited without swap')]);
});

test('what must not be dropped is refused', () => {
  expect(() => fitResources({ NanoCpus: 1e9 }, nothing)).toThrow(/NanoCPUs can not be set/);
  expect(() => fitResources({ CpuRealtimeRuntime: 1 }, nothing)).toThrow(/CPU real-time scheduler/);
  expect(() => fitResources({ CpusetCpus: '4' }, everything)).toThrow(
    'Requested CPUs are not available - requested 4, available: 0-3',
  );
  expect(() => fitResources({ CpusetMems: '1' }, everything)).toThrow(/Requested memory nodes are not/);
  expect(() => fitResources({ CpusetCpus: 'all' }, everything)).toThrow('Invalid value all for cpuset cpus');
});

test.each([
  ['0', [0]],
  ['0-2,5', [0, 1, 2, 5]],
  ['2-1', undefined],
  ['', undefined],
  ['0-99999', undefined],
  ['1,,2', undefined],
])('the set %j', (text, numbers) => {
  expect(parseSet(text)).toEqual(numbers);
});
