import { expect, test } from 'vitest';
import { rank } from './rank.ts';

const items = [
  { label: 'Go to Containers', aliases: ['容器', 'rq'] },
  { label: 'Go to Images', aliases: ['镜像', 'jx'] },
  { label: 'Theme: Dark' },
  { label: 'web', aliases: ['storefront-web:dev'] },
  { label: 'my-web' },
];
const labels = (query: string) => rank(items, query).map(({ label }) => label);

test('everything without a query, in its order', () => expect(labels('')).toHaveLength(5));
test('pinyin initials find the Chinese name', () => expect(labels('rq')).toEqual(['Go to Containers']));
test('a match at the start comes first', () => expect(labels('web')).toEqual(['web', 'my-web']));
test('every word must match', () => expect(labels('go ima')).toEqual(['Go to Images']));
test('no match is an empty list', () => expect(labels('zzz')).toEqual([]));
