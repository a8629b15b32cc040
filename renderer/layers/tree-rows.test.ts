import { expect, test } from 'vitest';
import type { EntryMark, TreeEntry } from '../../engine/api/layers.ts';
import { ancestors, childPath, pathKey, rootPath } from './tree-path.ts';
import { type Directory, type TreeState, treeRows } from './tree-rows.ts';

const entry = (text: string, sizeBytes: number, change: Partial<TreeEntry> = {}): TreeEntry => ({
  name: { text },
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes,
  mtime: 0,
  mark: 'added',
  layer: 1,
  ...change,
});
const directory = (entries: TreeEntry[], total = entries.length): Directory => ({
  entries,
  total,
  loading: false,
  error: null,
});
const allMarks = new Set<EntryMark>(['added', 'changed', 'removed', 'same']);
const state = (directories: Record<string, Directory>, expanded: string[] = []): TreeState => ({
  directories: new Map(Object.entries(directories)),
  expanded: new Set(expanded),
  unfoldedRests: new Set(),
});
const names = (rows: ReturnType<typeof treeRows>) =>
  rows.map((row) => (row.kind === 'entry' ? `${row.level} ${row.path.text}` : `${row.level} ${row.kind}`));

test('unfolded directories follow their row', () => {
  const rows = treeRows(
    state(
      {
        '/': directory([entry('app', 5, { type: 'directory' }), entry('a', 1)]),
        '/app': directory([entry('b', 5)]),
      },
      ['/app'],
    ),
    { marks: allMarks, totalBytes: 6, foldSmall: true },
  );
  expect(names(rows)).toEqual(['1 /app', '2 /app/b', '1 /a']);
});

test('marks hide files, never the directories that lead to others', () => {
  const rows = treeRows(
    state({
      '/': directory([
        entry('etc', 1, { type: 'directory', mark: 'same' }),
        entry('same', 1, { mark: 'same' }),
        entry('gone', 0, { type: 'whiteout', mark: 'removed' }),
      ]),
    }),
    { marks: new Set<EntryMark>(['added', 'removed']), totalBytes: 2, foldSmall: true },
  );
  expect(names(rows)).toEqual(['1 /etc', '1 /gone']);
});

test('small entries of a large directory fold into one row with their number and size', () => {
  const entries = [...Array(20).keys()]
    .map((i) => entry(`big${i}`, 40))
    .concat([...Array(30).keys()].map((i) => entry(`s${i}`, 1)));
  const tree = state({ '/': directory(entries, 100) });
  const options = { marks: allMarks, totalBytes: 1000, foldSmall: true };
  expect(treeRows(tree, options).at(-1)).toMatchObject({ kind: 'rest', count: 80, sizeBytes: 200 });
  const unfolded = { ...tree, unfoldedRests: new Set(['/']) };
  expect(treeRows(unfolded, options).at(-1)).toMatchObject({ kind: 'rest', count: 50, sizeBytes: 170 });
});

test('paths keep bytes that are not UTF-8', () => {
  const odd = childPath(childPath(rootPath, { text: 'a' }), { text: '�', base64: btoa('\xff') });
  expect(odd).toEqual({ text: '/a/�', base64: btoa('/a/\xff') });
  expect(pathKey(childPath(odd, { text: 'b' }))).toBe(btoa('/a/\xff/b'));
  expect(ancestors('/a/b/c').map((path) => path.text)).toEqual(['/', '/a', '/a/b']);
});
