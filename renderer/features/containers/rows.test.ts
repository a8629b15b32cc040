import { expect, test } from 'vitest';
import type { ContainerView } from '../../stores/container-state.ts';
import type { Preferences } from '../../stores/preferences.ts';
import { makeRows, rowText, summarize } from './rows.ts';

const view = (name: string, change: Partial<ContainerView> = {}): ContainerView => ({
  id: name,
  name,
  image: 'nginx',
  condition: 'running',
  ports: [],
  labels: {},
  createdAtMs: 0,
  ...change,
});
const preferences: Preferences = {
  groupBy: 'project',
  density: 'default',
  sort: { column: 'name', descending: false },
  pinned: [],
  folded: [],
};
const names = (views: ContainerView[], change: Partial<Preferences> = {}) =>
  makeRows(views, { ...preferences, ...change }).map((row) =>
    row.kind === 'group' ? `[${rowText(row)}]` : rowText(row),
  );
const shop = { project: 'shop' };

test('projects come by name, the rest last', () => {
  expect(names([view('z', { project: 'b' }), view('loose'), view('web', shop), view('api', shop)])).toEqual([
    '[b]',
    'z',
    '[shop]',
    'api',
    'web',
    '[]',
    'loose',
  ]);
});

test('without a project the list is flat, numbers in order', () => {
  expect(names([view('web-10'), view('web-2')])).toEqual(['web-2', 'web-10']);
});

test('a folded group keeps its heading, a pinned container goes above all', () => {
  const views = [view('web', shop), view('api', shop), view('loose')];
  expect(names(views, { folded: ['project:shop'], pinned: ['web'] })).toEqual([
    'web',
    '[shop]',
    '[]',
    'loose',
  ]);
});

test('sorting by age, newest first, and back', () => {
  const views = [
    view('old', { since: { atMs: 1, exactToMs: 1 } }),
    view('new', { since: { atMs: 9, exactToMs: 1 } }),
  ];
  expect(names(views, { sort: { column: 'since', descending: false } })).toEqual(['new', 'old']);
  expect(names(views, { sort: { column: 'since', descending: true } })).toEqual(['old', 'new']);
});

test('a group says how many run and how many are in trouble', () => {
  expect(
    summarize([view('a'), view('b', { condition: 'failed' }), view('c', { condition: 'paused' })]),
  ).toEqual({
    running: 2,
    total: 3,
    problems: 1,
  });
});
