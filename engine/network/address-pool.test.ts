import { expect, test } from 'vitest';
import { AddressPool } from './address-pool.ts';
import { formatAddress, parseAddress, parseSubnet } from './addresses.ts';

const small = parseSubnet('10.0.0.0/29');
const next = (pool: AddressPool) => formatAddress(pool.next());

test('addresses come in turn, a freed one as late as possible, the edges never', () => {
  const pool = new AddressPool(small);
  expect([next(pool), next(pool)]).toEqual(['10.0.0.2', '10.0.0.3']);
  pool.free(parseAddress('10.0.0.2'));
  expect([next(pool), next(pool), next(pool), next(pool)]).toEqual([
    '10.0.0.4',
    '10.0.0.5',
    '10.0.0.6',
    '10.0.0.2',
  ]);
  expect(() => pool.next()).toThrow('no available IPv4 addresses');
});

test('a range, a gateway and reserved addresses of one’s own', () => {
  const pool = new AddressPool(parseSubnet('10.0.0.0/24'), {
    gateway: parseAddress('10.0.0.254'),
    range: parseSubnet('10.0.0.252/30'),
    reserved: [parseAddress('10.0.0.253')],
  });
  expect(next(pool)).toBe('10.0.0.252');
  expect(() => pool.next()).toThrow('no available IPv4 addresses');
  // Asked for by name, an address may lie outside the range.
  expect(pool.take(parseAddress('10.0.0.1'))).toBe(parseAddress('10.0.0.1'));
  expect(() => pool.take(parseAddress('10.0.0.254'))).toThrow('Address already in use');
  expect(() => pool.take(parseAddress('10.0.1.1'))).toThrow('does not belong to any of this network');
});
