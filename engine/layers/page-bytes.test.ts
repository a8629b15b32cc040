import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TreePage } from '../api/layers.ts';
import { TestStore } from './store.fixture.ts';
import type { TarEntry } from './tar.fixture.ts';

/**
 * What a page costs: bytes of index, whatever the layers are like. Times are printed, never judged. The many files lie in
 * memory: here it is their index that counts.
 */

const pageBytes = 64 * 1024;

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open({ parent: '/dev/shm' });
});
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
});

type Ask = { view: 'tree' | 'merged'; number: number; path: string; sort: 'name' | 'size' };

async function pageOf(chain: string[], { view, ...rest }: Ask & { offset: number }): Promise<TreePage> {
  const { path, ...options } = rest;
  return await store.trees[view]({ layers: chain, ...options, path: Buffer.from(path), limit: 500 });
}

/** Every page of a directory; each within its bytes. */
async function names(chain: string[], ask: Ask): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const page = await pageOf(chain, { ...ask, offset: all.length });
    expect(page.indexBytesRead).toBeGreaterThan(0);
    expect(page.indexBytesRead).toBeLessThanOrEqual(pageBytes);
    all.push(...page.entries.map(({ name }) => name.text));
    if (page.entries.length === 0 || all.length >= page.total) return all;
  }
}

const views: Pick<Ask, 'view' | 'sort'>[] = [
  { view: 'tree', sort: 'name' },
  { view: 'tree', sort: 'size' },
  { view: 'merged', sort: 'name' },
  { view: 'merged', sort: 'size' },
];

test('names of 250 bytes, long targets and many xattrs', async () => {
  const long = (index: number) => `${String(index).padStart(4, '0')}-${'n'.repeat(245)}`;
  const base = Array.from({ length: 300 }, (_, index): TarEntry => {
    const name = `d/${long(index)}`;
    if (index % 3 === 0) return { name, type: '2', link: `/${'t'.repeat(3000)}` };
    return { name, data: 'x'.repeat(index % 50), pax: { 'SCHILY.xattr.user.big': 'v'.repeat(500) } };
  });
  const chain = await store.add([], base);
  const above = Array.from(
    { length: 150 },
    (_, index): TarEntry => ({ name: `d/${long(index * 2)}`, data: 'y' }),
  );
  const both = await store.add(chain, [...above, { name: `d/.wh.${'0001-'}${'n'.repeat(245)}` }]);
  for (const view of views) {
    for (const number of [1, 2]) {
      const all = await names(both, { ...view, number, path: '/d' });
      // The second layer's own names: 150 files and one whiteout.
      expect(all.length).toBe(view.view === 'tree' && number === 2 ? 151 : 300);
      expect(new Set(all).size).toBe(all.length);
    }
  }
});

test('forty layers that each change and remove names of one large directory', async () => {
  const name = (index: number) => `f${String(index).padStart(5, '0')}`;
  const base = Array.from({ length: 1500 }, (_, index) => ({ name: `d/${name(index)}`, data: 'x' }));
  let chain = await store.add([], base);
  for (let layer = 0; layer < 40; layer++) {
    chain = await store.add(chain, [
      ...Array.from({ length: 10 }, (_, index) => ({
        name: `d/${name(layer * 20 + index)}`,
        data: 'changed',
      })),
      ...Array.from({ length: 10 }, (_, index) => ({ name: `d/.wh.${name(layer * 20 + 10 + index)}` })),
    ]);
  }
  const ask = { number: 1, path: '/d' } as const;
  expect((await names(chain, { ...ask, view: 'tree', sort: 'size' })).length).toBe(1500);
  expect((await names(chain, { ...ask, view: 'merged', sort: 'name', number: 41 })).length).toBe(1110);
  const { entries } = await pageOf(chain, { ...ask, view: 'tree', sort: 'name', offset: 0 });
  expect(entries.slice(0, 41).map(({ hiddenBy }) => hiddenBy)).toEqual([
    ...Array.from({ length: 20 }, () => 2),
    ...Array.from({ length: 20 }, () => 3),
    4,
  ]);
});

test('a path two thousand directories deep', async () => {
  const path = 'd/'.repeat(2000);
  const chain = await store.add(await store.add([], [{ name: `${path}file`, data: 'deep' }]), [
    { name: `${path}other`, data: 'too' },
  ]);
  for (const view of views) {
    const all = await names(chain, { ...view, number: 2, path: `/${path}` });
    expect(all.sort()).toEqual(view.view === 'tree' ? ['other'] : ['file', 'other']);
  }
});

test('an image of 100,000 files', async () => {
  const directories = Array.from({ length: 500 }, (_, index) => `usr/lib/p${index}`);
  const files = directories.flatMap((directory) =>
    Array.from({ length: 200 }, (_, index): TarEntry => {
      const name = `${directory}/f${index}.so`;
      // Further names of one file: inodes of their own would only take memory.
      return index === 0 ? { name, data: 'x' } : { name, type: '1', link: `${directory}/f0.so` };
    }),
  );
  const lap = stopwatch();
  let chain = await store.add([], files);
  lap('base of 100,000 files unpacked');
  chain = await store.add(chain, [
    ...Array.from({ length: 500 }, (_, index) => ({ name: `usr/lib/p7/f${index}.so`, data: 'new' })),
    { name: 'usr/lib/.wh.p9' },
  ]);
  lap('second layer');
  const counts = await Promise.all([1, 2].map((number) => store.trees.counts({ layers: chain, number })));
  lap('summary');
  expect(counts[0]).toMatchObject({ files: 100_000, marks: { added: 100_502 } });
  expect(counts[1]).toMatchObject({ files: 500, marks: { added: 300, changed: 200, removed: 1 } });
  for (const view of views) {
    const ask = { ...view, number: 2, offset: 0 };
    const page = await pageOf(chain, { ...ask, path: view.view === 'tree' ? '/usr/lib/p7' : '/usr/lib' });
    lap(
      `${view.view} by ${view.sort}: ${page.entries.length} of ${page.total}, ${page.indexBytesRead} bytes`,
    );
    expect(page.indexBytesRead).toBeLessThanOrEqual(pageBytes);
    expect(page.entries.length).toBeGreaterThan(100);
  }
});

/** Prints the time since the last lap. */
function stopwatch(): (what: string) => void {
  let last = performance.now();
  return (what) => {
    const now = performance.now();
    console.log(`${what}: ${(now - last).toFixed(1)} ms`);
    last = performance.now();
  };
}
