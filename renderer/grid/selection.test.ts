import { expect, test } from 'vitest';
import { keepExisting, noSelection, selectOne, selectRange, toggleOne } from './selection.ts';

const order = ['a', 'b', 'c', 'd'];
const ids = (selection: { ids: ReadonlySet<string> }) => [...selection.ids];

test('a range goes from the anchor, either way, and can shrink again', () => {
  const start = selectOne('c');
  expect(ids(selectRange(start, order, 'a'))).toEqual(['a', 'b', 'c']);
  expect(ids(selectRange(selectRange(start, order, 'a'), order, 'd'))).toEqual(['c', 'd']);
});

test('toggling adds and takes away, and moves the anchor', () => {
  const two = toggleOne(selectOne('a'), 'c');
  expect(ids(two)).toEqual(['a', 'c']);
  expect(ids(toggleOne(two, 'a'))).toEqual(['c']);
  expect(ids(selectRange(two, order, 'd'))).toEqual(['c', 'd']);
});

test('what has gone is dropped; nothing gone keeps the identity', () => {
  const selection = selectRange(selectOne('a'), order, 'c');
  expect(ids(keepExisting(selection, ['a', 'c']))).toEqual(['a', 'c']);
  expect(keepExisting(selection, order)).toBe(selection);
  expect(selectRange(noSelection, order, 'b').anchor).toBe('b');
});
