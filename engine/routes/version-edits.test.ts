import { expect, test } from 'vitest';
import { negotiate } from '../http/api-version.ts';
import { inVersion } from './version-edits.ts';

const container = {
  Config: { Image: 'x' },
  NetworkSettings: {
    MacAddress: '02:42:ac:11:00:02',
    Networks: { bridge: { NetworkID: 'n', DNSNames: null, GwPriority: 0 } },
  },
};

test('the newest version has the answer as it is', () => {
  expect(inVersion('container', container, negotiate(undefined))).toEqual(container);
});

test('older versions have the fields of their time', () => {
  const old = inVersion('container', container, negotiate('1.43'));
  expect(old).toEqual({
    Config: { Image: 'x', MacAddress: '02:42:ac:11:00:02' },
    NetworkSettings: { MacAddress: '02:42:ac:11:00:02', Networks: { bridge: { NetworkID: 'n' } } },
  });
  expect(inVersion('container', container, negotiate('1.47'))).toMatchObject({
    NetworkSettings: { Networks: { bridge: { DNSNames: null } } },
  });
  expect(inVersion('image-row', { Size: 5 }, negotiate('1.43'))).toEqual({ Size: 5, VirtualSize: 5 });
  expect(inVersion('image', { Size: 5 }, negotiate('1.44'))).not.toHaveProperty('VirtualSize');
  const named = {
    ...container,
    Id: 'abcdef0123456789',
    NetworkSettings: { Networks: { n: { DNSNames: ['a'], Aliases: ['b'] } } },
  };
  expect(inVersion('container', named, negotiate('1.44'))).toMatchObject({
    NetworkSettings: { Networks: { n: { Aliases: ['b', 'abcdef012345'] } } },
  });
  expect(inVersion('network', { EnableIPv4: true }, negotiate('1.47'))).toEqual({});
});

test('versions are compared as numbers, and bounds are said', () => {
  expect(negotiate('1.24').atLeast('1.9')).toBe(true);
  expect(() => negotiate('1.23')).toThrow(/too old. Minimum supported API version is 1.24/);
  expect(() => negotiate('1.52')).toThrow(/too new. Maximum supported API version is 1.51/);
  expect(() => negotiate('2.0')).toThrow(/too new/);
});
