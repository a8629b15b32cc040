import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryType, TreeEntry, TreePage } from '../api/layers.ts';
import { TestStore } from './store.fixture.ts';

let store: TestStore;
let chain: string[];

beforeAll(async () => {
  store = await TestStore.open();
  chain = await store.add(
    [],
    [
      { name: 'etc/' },
      { name: 'etc/conf', data: 'first' },
      { name: 'etc/passwd', data: 'root:x:0:0\n' },
      { name: 'usr/' },
      { name: 'usr/bin/' },
      { name: 'usr/bin/a', data: 'A'.repeat(100), mode: 0o4755 },
      { name: 'usr/bin/b', data: 'B'.repeat(50) },
      { name: 'usr/bin/c', type: '1', link: 'usr/bin/a' },
      { name: 'usr/bin/link', type: '2', link: '../lib' },
      { name: 'opt/tool/data/big', data: 'x'.repeat(3000) },
      { name: 'opt/tool/readme', data: 'read me' },
      { name: 'na\xefve', data: 'latin', pax: { 'SCHILY.xattr.user.note': 'hello' } },
    ],
  );
  chain = await store.add(chain, [
    { name: 'etc/' },
    { name: 'etc/conf', data: 'second, longer' },
    { name: 'usr/bin/d', data: 'D'.repeat(10) },
    { name: 'usr/bin/.wh.b' },
    { name: 'opt/.wh.tool' },
  ]);
  chain = await store.add(chain, [
    { name: 'etc/', mode: 0o700 },
    { name: 'etc/.wh..wh..opq' },
    { name: 'etc/only', data: 'only' },
    { name: 'opt/tool/new', data: 'new' },
  ]);
});
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
});

type View = 'tree' | 'merged';
const ask = (
  view: View,
  number: number,
  path: string,
  more: { sort?: 'size'; offset?: number; limit?: number } = {},
) =>
  store.trees[view]({
    layers: chain,
    number,
    path: Buffer.from(path, 'latin1'),
    offset: 0,
    limit: 500,
    sort: 'name',
    ...more,
  });
const line = (entry: TreeEntry) =>
  [entry.name.text, entry.type, entry.sizeBytes, entry.mark, entry.layer, entry.hiddenBy ?? '-'].join(' ');
const lines = (page: TreePage) => page.entries.map(line);

describe('one layer', () => {
  test('its own entries, with what a later layer hides', async () => {
    expect(lines(await ask('tree', 1, '/usr/bin'))).toEqual([
      'a file 100 added 1 -',
      'b file 50 added 1 2',
      'c hardlink 100 added 1 -',
      'link symlink 0 added 1 -',
    ]);
    expect(lines(await ask('tree', 1, '/etc'))).toEqual([
      'conf file 5 added 1 2',
      'passwd file 11 added 1 3',
    ]);
    expect(lines(await ask('tree', 1, '/opt/tool'))).toEqual([
      'data directory 3000 added 1 2',
      'readme file 7 added 1 2',
    ]);
    expect(lines(await ask('tree', 1, '/opt/tool/data'))).toEqual(['big file 3000 added 1 2']);
  });

  test('whiteouts are removals, and a parent on the way is no change', async () => {
    expect(lines(await ask('tree', 2, '/usr/bin'))).toEqual([
      'b whiteout 0 removed 2 -',
      'd file 10 added 2 -',
    ]);
    expect(lines(await ask('tree', 2, '/'))).toEqual([
      'etc directory 14 same 2 -',
      'opt directory 0 same 2 -',
      'usr directory 10 same 2 -',
    ]);
    expect(lines(await ask('tree', 2, '/etc'))).toEqual(['conf file 14 changed 2 3']);
  });

  test('links, modes, xattrs and names that are not UTF-8', async () => {
    const { entries } = await ask('tree', 1, '/usr/bin');
    expect(entries.map(({ mode, linkTarget }) => [mode.toString(8), linkTarget])).toEqual([
      ['4755', undefined],
      ['644', undefined],
      ['4755', '/usr/bin/a'],
      ['777', '../lib'],
    ]);
    const odd = (await ask('tree', 1, '/')).entries.find(({ type }) => type === 'file');
    expect(odd).toMatchObject({ xattrs: { 'user.note': 'hello' }, sizeBytes: 5 });
    expect(Buffer.from(odd?.name.base64 ?? '', 'base64').toString('latin1')).toBe('na\xefve');
  });

  test('by size the largest first', async () => {
    const page = await ask('tree', 1, '/', { sort: 'size' });
    expect(page.entries.map(({ name }) => name.text)).toEqual(['opt', 'usr', 'etc', 'na�ve']);
  });
});

describe('the file system after a layer', () => {
  test('marks what the layer added, changed and removed', async () => {
    expect(lines(await ask('merged', 2, '/usr/bin'))).toEqual([
      'a file 100 same 1 -',
      'b whiteout 0 removed 1 -',
      'c hardlink 100 same 1 -',
      'd file 10 added 2 -',
      'link symlink 0 same 1 -',
    ]);
    expect(lines(await ask('merged', 2, '/opt'))).toEqual(['tool whiteout 0 removed 1 -']);
    expect(lines(await ask('merged', 2, '/'))).toEqual([
      'etc directory 25 same 2 -',
      'na�ve file 5 same 1 -',
      'opt directory 0 same 2 -',
      'usr directory 110 same 2 -',
    ]);
  });

  test('what a layer removed is not told again after the next', async () => {
    expect(lines(await ask('merged', 3, '/usr/bin'))).toEqual([
      'a file 100 same 1 -',
      'c hardlink 100 same 1 -',
      'd file 10 same 2 -',
      'link symlink 0 same 1 -',
    ]);
    expect(lines(await ask('merged', 3, '/opt/tool'))).toEqual(['new file 3 added 3 -']);
  });

  test('an opaque directory removes all that it does not have', async () => {
    expect(lines(await ask('merged', 3, '/etc'))).toEqual([
      'conf whiteout 0 removed 2 -',
      'only file 4 added 3 -',
      'passwd whiteout 0 removed 1 -',
    ]);
    expect(lines(await ask('merged', 3, '/etc', { sort: 'size' }))).toEqual([
      'only file 4 added 3 -',
      'conf whiteout 0 removed 2 -',
      'passwd whiteout 0 removed 1 -',
    ]);
    expect((await ask('merged', 3, '/')).entries[0]).toMatchObject({
      mark: 'changed',
      mode: 0o700,
      childCount: 1,
    });
  });

  test('pages of one entry show the same as one page', async () => {
    const whole = lines(await ask('merged', 3, '/etc'));
    const single = await Promise.all(
      whole.map(async (_, offset) => lines(await ask('merged', 3, '/etc', { offset, limit: 1 }))),
    );
    expect(single.flat()).toEqual(whole);
    expect(await ask('merged', 3, '/etc', { offset: 3 })).toMatchObject({ entries: [], total: 3 });
  });

  test('a path that is gone, or was never there, is refused by name', async () => {
    await expect(ask('merged', 2, '/opt/tool')).rejects.toMatchObject({ code: 'path-not-found' });
    await expect(ask('merged', 2, '/opt/tool/data')).rejects.toMatchObject({ code: 'path-not-found' });
    await expect(ask('merged', 1, '/nowhere')).rejects.toThrow('/nowhere: no such directory');
    await expect(ask('tree', 3, '/usr')).rejects.toMatchObject({ code: 'path-not-found' });
  });
});

describe('files', () => {
  const read = async (number: number, path: string, range?: { start?: number; end?: number }) => {
    const file = await store.trees.openFile({ layers: chain, number, path: Buffer.from(path, 'latin1') });
    return (await buffer(file.stream(range))).toString();
  };

  test('as they stand after a layer', async () => {
    expect(await read(1, '/etc/conf')).toBe('first');
    expect(await read(2, '/etc/conf')).toBe('second, longer');
    expect(await read(2, '/etc/passwd')).toBe('root:x:0:0\n');
    expect(await read(3, '/usr/bin/c')).toBe('A'.repeat(100));
    expect(await read(1, '/na\xefve')).toBe('latin');
    expect(await read(2, '/etc/conf', { start: 8, end: 11 })).toBe('long');
  });

  test('not there: removed, a directory, a link', async () => {
    for (const path of ['/etc/passwd', '/usr', '/usr/bin/link', '/usr/bin/b', '/']) {
      await expect(read(3, path), path).rejects.toMatchObject({ code: 'path-not-found' });
    }
  });

  test('an opened file that nobody reads is closed', async () => {
    const file = await store.trees.openFile({ layers: chain, number: 1, path: Buffer.from('/etc/conf') });
    expect(file).toMatchObject({ sizeBytes: 5, mtime: 1_700_000_000 });
    await file.close();
  });
});

describe('search', () => {
  const search = async (glob: string, more: { minBytes?: number; type?: EntryType; limit?: number } = {}) => {
    const { found, total } = await store.trees.search({
      layers: chain,
      glob,
      minBytes: 0,
      limit: 100,
      ...more,
    });
    const told = found.map(({ path, level, sizeBytes, hiddenBy }) =>
      [Buffer.from(path).toString(), level, sizeBytes, hiddenBy ?? '-'].join(' '),
    );
    return { told, total };
  };

  test('by name over all layers, hidden versions too, the largest first', async () => {
    expect((await search('conf')).told).toEqual(['/etc/conf 2 14 3', '/etc/conf 1 5 2']);
    expect((await search('*a*', { type: 'file' })).told).toEqual([
      '/usr/bin/a 1 100 -',
      '/etc/passwd 1 11 3',
      '/opt/tool/readme 1 7 2',
      expect.stringContaining('ve 1 5 -'),
    ]);
  });

  test('by path, size, kind and number', async () => {
    expect((await search('/opt/**')).total).toBe(7);
    expect((await search('tool/*', { minBytes: 8 })).told).toEqual(['/opt/tool/data 1 3000 2']);
    expect((await search('/usr/bin/?', { type: 'hardlink' })).told).toEqual(['/usr/bin/c 1 100 -']);
    expect((await search('*', { type: 'whiteout' })).told).toEqual(['/opt/tool 2 0 -', '/usr/bin/b 2 0 -']);
    expect(await search('*', { limit: 1 })).toMatchObject({ told: ['/opt 1 3007 -'], total: 28 });
    expect((await search('no.such')).total).toBe(0);
  });
});

test('counts of a layer', async () => {
  const counts = (number: number) => store.trees.counts({ layers: chain, number });
  expect(await counts(1)).toEqual({ files: 8, directories: 6, marks: { added: 15, changed: 0, removed: 0 } });
  expect(await counts(2)).toMatchObject({ marks: { added: 1, changed: 1, removed: 2 } });
  expect(await counts(3)).toMatchObject({ marks: { added: 3, changed: 1, removed: 2 } });
});
