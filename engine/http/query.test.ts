import { expect, test } from 'vitest';
import { Query } from './query.ts';

const query = (text: string) => new Query(new URLSearchParams(text));

test.each([
  ['', false],
  ['a', false],
  ['a=0', false],
  ['a=no', false],
  ['a=False', false],
  ['a=none', false],
  ['a=1', true],
  ['a=true', true],
  ['a=yes', true],
])('the flag of %j', (text, expected) => {
  expect(query(text).flag('a')).toBe(expected);
});

test('a flag that is absent has its fallback', () => {
  expect(query('').flag('a', true)).toBe(true);
});

test('integers', () => {
  expect(query('t=-1').integer('t')).toBe(-1);
  expect(query('t=').integer('t')).toBeUndefined();
  expect(() => query('t=1x').integer('t')).toThrow('strconv.Atoi: parsing "1x": invalid syntax');
});

test('filters in the form of today and in that of older clients', () => {
  const today = query(`filters=${encodeURIComponent('{"label":["a","b=c"]}')}`).filters();
  const older = query(`filters=${encodeURIComponent('{"label":{"a":true,"b=c":true,"d":false}}')}`).filters();
  expect(today).toEqual({ label: ['a', 'b=c'] });
  expect(older).toEqual(today);
  expect(query('').filters()).toEqual({});
});

test.each(['{', '[]', '"a"', '{"label":1}'])('%j is no filter', (text) => {
  expect(() => query(`filters=${encodeURIComponent(text)}`).filters()).toThrow('invalid filter');
});
