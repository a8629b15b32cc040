import { expect, test } from 'vitest';
import type { HostConfig } from '../api/containers.ts';
import { refuseUnsupported } from './refusals.ts';

test('the empty values that clients send of everything are no wish', () => {
  refuseUnsupported({
    CgroupParent: '',
    DeviceRequests: null,
    Links: [],
    StorageOpt: {},
    VolumeDriver: '',
    UsernsMode: '',
    Isolation: 'default',
  });
});

test.each<[HostConfig, string]>([
  [{ DeviceRequests: [{ Count: -1 }] }, 'DeviceRequests'],
  [{ Links: ['a:b'] }, 'Links'],
  [{ StorageOpt: { size: '1g' } }, 'StorageOpt'],
  [{ VolumeDriver: 'nfs' }, 'VolumeDriver'],
  [{ UsernsMode: 'remap' }, 'UsernsMode'],
  [{ Isolation: 'hyperv' }, 'Isolation'],
])('%j is refused by name', (config, option) => {
  expect(() => refuseUnsupported(config)).toThrow(
    expect.objectContaining({ code: 'refused-option', params: { option: `HostConfig.${option}` } }),
  );
});
