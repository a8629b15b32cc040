import { expect, test } from 'vitest';
import type { HostConfig } from '../api/containers.ts';
import { completeHostConfig } from './host-config.ts';

const defaults = { logDriver: 'local', logOptions: { 'max-size': '5m' }, cpus: 2, cgroupVersion: 2 as const };
const complete = (asked: HostConfig) => completeHostConfig(asked, defaults);

test('what is not said is Docker’s default', () => {
  expect(complete({})).toMatchObject({
    NetworkMode: 'bridge',
    LogConfig: { Type: 'local', Config: { 'max-size': '5m' } },
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    CgroupnsMode: 'private',
    IpcMode: 'private',
    ShmSize: 67_108_864,
    MemorySwappiness: null,
    PidsLimit: null,
  });
  expect(completeHostConfig({}, { ...defaults, cgroupVersion: 1 }).CgroupnsMode).toBe('host');
  expect(complete({ MemorySwappiness: -1, NetworkMode: 'default' })).toMatchObject({
    MemorySwappiness: null,
    NetworkMode: 'bridge',
  });
});

test('the daemon’s log options go only with the daemon’s driver', () => {
  expect(complete({ LogConfig: { Type: 'none', Config: {} } }).LogConfig).toEqual({
    Type: 'none',
    Config: {},
  });
});

test('a privileged container has no masked paths, and any other the default ones', () => {
  expect(complete({ Privileged: true })).toMatchObject({ MaskedPaths: null, ReadonlyPaths: null });
  expect(complete({}).MaskedPaths).toContain('/proc/kcore');
  expect(complete({ MaskedPaths: [] }).MaskedPaths).toEqual([]);
});

test.each<[HostConfig, RegExp]>([
  [{ RestartPolicy: { Name: 'sometimes' } }, /unknown policy 'sometimes'/],
  [{ RestartPolicy: { Name: 'always', MaximumRetryCount: 2 } }, /can only be used with 'on-failure'/],
  [{ RestartPolicy: { Name: 'on-failure', MaximumRetryCount: -1 } }, /cannot be negative/],
  [{ AutoRemove: true, RestartPolicy: { Name: 'always' } }, /can't create 'AutoRemove' container/],
  [{ ShmSize: -1 }, /SHM size can not be less than 0/],
  [{ OomScoreAdj: 1001 }, /range for oom score adj is \[-1000, 1000\]/],
  [{ LogConfig: { Type: 'gelf' } }, /no log driver named 'gelf' is registered/],
  [{ Runtime: 'kata' }, /unknown or invalid runtime name: kata/],
])('%j is refused', (asked, message) => {
  expect(() => complete(asked)).toThrow(message);
});
