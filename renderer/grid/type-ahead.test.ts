import { expect, test } from 'vitest';
import { TypeAhead } from './type-ahead.ts';

const texts = ['api', 'web', 'worker', 'db', 'Web-canary'];

test('letters typed quickly belong together', () => {
  const ahead = new TypeAhead();
  expect(ahead.find('w', texts, 0, 0)).toBe(1);
  expect(ahead.find('o', texts, 1, 100)).toBe(2);
});

test('one letter repeated walks, and case does not matter', () => {
  const ahead = new TypeAhead();
  expect(ahead.find('w', texts, 0, 0)).toBe(1);
  expect(ahead.find('w', texts, 1, 100)).toBe(2);
  expect(ahead.find('w', texts, 2, 200)).toBe(4);
  expect(ahead.find('w', texts, 4, 300)).toBe(1);
});

test('a pause begins anew; nothing found is -1', () => {
  const ahead = new TypeAhead();
  ahead.find('w', texts, 0, 0);
  expect(ahead.find('d', texts, 1, 5000)).toBe(3);
  expect(ahead.find('z', texts, 1, 9000)).toBe(-1);
});
