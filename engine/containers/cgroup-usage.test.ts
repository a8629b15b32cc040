import { expect, test } from 'vitest';
import { blockRowsV1, blockRowsV2, parsePressure } from './cgroup-usage.ts';

test('io.stat of version 2, a row a device and operation', () => {
  const text = '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n';
  expect(blockRowsV2(text, { read: 'rbytes', write: 'wbytes' })).toEqual([
    { major: 8, minor: 0, op: 'read', value: 4096 },
    { major: 8, minor: 0, op: 'write', value: 8192 },
  ]);
  expect(blockRowsV2('8:0 \n', { read: 'rios' })).toEqual([{ major: 8, minor: 0, op: 'read', value: 0 }]);
  expect(blockRowsV2('', { read: 'rbytes' })).toBeNull();
});

test('blkio of version 1, without the sum of all devices', () => {
  expect(blockRowsV1('254:0 Read 1\n254:0 Total 1\nTotal 1\n')).toEqual([
    { major: 254, minor: 0, op: 'read', value: 1 },
    { major: 254, minor: 0, op: 'total', value: 1 },
  ]);
  expect(blockRowsV1('Total 0\n')).toBeNull();
});

test('pressure, with and without its second line', () => {
  const some = 'some avg10=1.50 avg60=0.20 avg300=0.00 total=123\n';
  const line = { avg10: 1.5, avg60: 0.2, avg300: 0, total_usec: 123 };
  expect(parsePressure(some)).toEqual({ some: line });
  expect(parsePressure(`${some}${some.replace('some', 'full')}`)).toEqual({ some: line, full: line });
  expect(parsePressure('')).toBeUndefined();
});
