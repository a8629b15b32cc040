import { expect, test } from 'vitest';
import type { EntryMark, LayerSummary, TreeEntry } from '../../engine/api/layers.ts';
import { findPaths, parsePathQuery } from './find-paths.ts';
import type { TreeSource } from './tree-source.ts';
import { findWasted, type Wasted } from './wasted.ts';

type Spec = Record<
  string,
  [name: string, sizeBytes: number, mark: EntryMark, directory?: boolean, layer?: number][]
>;

/** A source over a literal tree, two entries a page, that counts the directories asked for. */
function source(key: string, spec: Spec, asked: string[] = []): TreeSource {
  return {
    key,
    filePath: () => '',
    page: async (path, { offset }) => {
      asked.push(`${key} ${path.text}`);
      const all = (spec[path.text] ?? []).map(
        ([text, sizeBytes, mark, directory = false, layer = 1]): TreeEntry => ({
          name: { text },
          type: directory ? 'directory' : 'file',
          mode: 0,
          uid: 0,
          gid: 0,
          sizeBytes,
          mtime: 0,
          mark,
          layer,
        }),
      );
      return { path, entries: all.slice(offset, offset + 2), total: all.length, offset, indexBytesRead: 0 };
    },
  };
}

const layer = (number: number, changed: number, removed: number): LayerSummary => ({
  number,
  diffId: `sha256:${number}`,
  command: '',
  createdAt: null,
  sizeBytes: 0,
  files: 0,
  directories: 0,
  added: 1,
  changed,
  removed,
  sharedWith: [],
});

async function last<T>(values: AsyncIterable<T>): Promise<T> {
  let result: T | undefined;
  for await (const value of values) result = value;
  return result as T;
}

test('removed and replaced entries are looked up in the layers below', async () => {
  const asked: string[] = [];
  const only: Spec = {
    '/': [
      ['app', 9, 'changed', true],
      ['new', 5, 'added', true],
      ['gone', 0, 'removed'],
    ],
    '/app': [['config', 9, 'changed']],
    '/new': [['x', 5, 'added']],
  };
  const before: Spec = {
    '/': [
      ['app', 4, 'same', true],
      ['gone', 100, 'same', true, 1],
    ],
    '/app': [['config', 4, 'same', false, 2]],
  };
  const wasted: Wasted = await last(
    findWasted(
      [layer(1, 0, 0), layer(2, 0, 0), layer(3, 1, 1)],
      { only: () => source('only', only, asked), upto: () => source('upto', before, asked) },
      new AbortController().signal,
    ),
  );
  expect(wasted).toMatchObject({ totalBytes: 104, finished: true, partial: false });
  expect(
    wasted.entries.map(({ path, addedIn, hiddenIn, how }) => [path.text, addedIn, hiddenIn, how]),
  ).toEqual([
    ['/gone', 1, 3, 'removed'],
    ['/app/config', 2, 3, 'replaced'],
  ]);
  // What the layer added is not looked into: it cannot hide anything.
  expect(asked).not.toContain('only /new');
});

test('an image whose layers only add wastes nothing and asks for nothing', async () => {
  const asked: string[] = [];
  const trees = { only: () => source('only', {}, asked), upto: () => source('upto', {}, asked) };
  const wasted = await last(
    findWasted([layer(1, 0, 0), layer(2, 0, 0)], trees, new AbortController().signal),
  );
  expect(wasted).toMatchObject({ totalBytes: 0, finished: true });
  expect(asked).toEqual([]);
});

test('paths are found by glob, part and size', async () => {
  const spec: Spec = {
    '/': [
      ['app', 30e6, 'added', true],
      ['a.map', 1, 'added'],
    ],
    '/app': [
      ['b.MAP', 20e6, 'added'],
      ['c.js', 10e6, 'added'],
      ['mapping', 1, 'added'],
    ],
  };
  const find = async (text: string) =>
    (await last(findPaths(source('t', spec), parsePathQuery(text)!, new AbortController().signal))).found.map(
      ({ path }) => path.text,
    );
  expect(await find('*.map')).toEqual(['/app/b.MAP', '/a.map']);
  expect(await find('*.map >10MB')).toEqual(['/app/b.MAP']);
  expect(await find('>5m')).toEqual(['/app/b.MAP', '/app/c.js']);
  expect(await find('mapp')).toEqual(['/app/mapping']);
  expect(parsePathQuery('  ')).toBeNull();
});
