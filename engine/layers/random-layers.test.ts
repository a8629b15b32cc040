import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TreeEntry, TreePage } from '../api/layers.ts';
import { TestStore } from './store.fixture.ts';
import type { TarEntry } from './tar.fixture.ts';

/**
 * Random stacks of layers, each directory of each view compared with a plain model of overlay's rules. The seed is in
 * every test's name.
 */

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.open();
});
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
});

/** A small generator of repeatable numbers (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Node {
  layer: number;
  /** Bytes of a file; undefined: a directory. */
  bytes?: number;
  children: Map<string, Node>;
}
const directory = (layer: number): Node => ({ layer, children: new Map() });

function clone(node: Node): Node {
  const children = new Map([...node.children].map(([name, child]) => [name, clone(child)]));
  return { ...node, children };
}

function sizeOf(node: Node): number {
  return node.bytes ?? [...node.children.values()].reduce((sum, child) => sum + sizeOf(child), 0);
}

function at(root: Node, path: string[]): Node | undefined {
  return path.reduce<Node | undefined>((node, name) => node?.children.get(name), root);
}

/** What one layer's tar holds: directories (opaque or not), files and whiteouts, never two of one name. */
interface LayerNode {
  kind: 'directory' | 'file' | 'whiteout';
  bytes: number;
  opaque: boolean;
  children: Map<string, LayerNode>;
}

function randomLayer(pick: (below: number) => number, depth: number): Map<string, LayerNode> {
  const children = new Map<string, LayerNode>();
  for (let count = pick(6); count > 0; count--) {
    const kind = (['directory', 'directory', 'file', 'whiteout'] as const)[pick(4)]!;
    children.set(['a', 'ab', 'b', 'c', 'd.x', 'é'][pick(6)]!, {
      kind,
      bytes: 1 + pick(900),
      opaque: kind === 'directory' && pick(5) === 0,
      children: kind === 'directory' && depth > 0 ? randomLayer(pick, depth - 1) : new Map(),
    });
  }
  return children;
}

function tarEntries(children: Map<string, LayerNode>, prefix: string): TarEntry[] {
  return [...children].flatMap(([text, node]): TarEntry[] => {
    const name = Buffer.from(text).toString('latin1');
    if (node.kind === 'whiteout') return [{ name: `${prefix}.wh.${name}` }];
    if (node.kind === 'file') return [{ name: prefix + name, data: Buffer.alloc(node.bytes, 'x') }];
    const inside = `${prefix}${name}/`;
    const opaque = node.opaque ? [{ name: `${inside}.wh..wh..opq` }] : [];
    return [{ name: inside }, ...opaque, ...tarEntries(node.children, inside)];
  });
}

function apply(into: Node, children: Map<string, LayerNode>, layer: number): void {
  for (const [name, node] of children) {
    const old = into.children.get(name);
    if (node.kind === 'whiteout') into.children.delete(name);
    else if (node.kind === 'file') into.children.set(name, { layer, bytes: node.bytes, children: new Map() });
    else {
      const merged = old !== undefined && old.bytes === undefined && !node.opaque ? old : directory(layer);
      merged.layer = layer;
      into.children.set(name, merged);
      apply(merged, node.children, layer);
    }
  }
}

function directoriesOf(node: Node, path: string[] = []): string[][] {
  const below = [...node.children].filter(([, child]) => child.bytes === undefined);
  return [path, ...below.flatMap(([name, child]) => directoriesOf(child, [...path, name]))];
}

async function allPages(ask: (offset: number) => Promise<TreePage>): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (;;) {
    const page = await ask(entries.length);
    entries.push(...page.entries);
    if (entries.length >= page.total) return entries;
    if (page.entries.length === 0) throw new Error('a page inside the list is empty');
  }
}

const byName = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test.each([11, 12, 13, 14, 15, 16])('seed %i', async (seed) => {
  const pick = random(seed);
  const layers = Array.from({ length: 6 }, () => randomLayer(pick, 3));
  const views: Node[] = [];
  let chain: string[] = [];
  for (const [index, layer] of layers.entries()) {
    // A name of its own makes every layer a layer.
    layer.set(`only-${index}`, { kind: 'file', bytes: index, opaque: false, children: new Map() });
    chain = await store.add(chain, tarEntries(layer, ''));
    const view = views[index - 1] === undefined ? directory(0) : clone(views[index - 1]!);
    apply(view, layer, index + 1);
    views.push(view);
  }
  const everywhere = new Map(
    views.flatMap((view) => directoriesOf(view).map((path) => [path.join('/'), path])),
  );
  for (const [index, view] of views.entries()) {
    const before = views[index - 1];
    for (const path of everywhere.values()) await compareMerged(chain, index + 1, { view, before, path });
    await compareSides(chain, views, [index, pick(views.length)]);
    await compareLayer(chain, { layers, views, number: index + 1 });
  }
});

async function compareMerged(
  chain: string[],
  number: number,
  { view, before, path }: { view: Node; before: Node | undefined; path: string[] },
): Promise<void> {
  const expected = at(view, path);
  const text = `/${path.join('/')}`;
  const where = `${text} after ${number}`;
  const ask = (sort: 'name' | 'size') =>
    allPages((offset) =>
      store.trees.merged({ layers: chain, number, path: Buffer.from(text), offset, limit: 3, sort }),
    );
  if (expected === undefined || expected.bytes !== undefined) {
    await expect(ask('name'), where).rejects.toMatchObject({ code: 'path-not-found' });
    return;
  }
  const entries = await ask('name');
  const live = entries.filter(({ mark }) => mark !== 'removed');
  const told = live.map(({ name, sizeBytes, layer }) => `${name.text} ${sizeBytes}${layer}`);
  const names = [...expected.children.keys()].sort(byName);
  expect(
    live.map(({ name }) => name.text),
    where,
  ).toEqual(names);
  for (const [index, name] of names.entries()) {
    const child = expected.children.get(name)!;
    expect(told[index], where).toContain(`${name} ${sizeOf(child)}`);
    if (child.bytes !== undefined) expect(live[index]!.layer, `${where}: ${name}`).toBe(child.layer);
  }
  // Names that are gone since the layer before, in their places among the others.
  const old = before === undefined ? undefined : at(before, path);
  const gone = old?.bytes === undefined ? [...(old?.children.keys() ?? [])] : [];
  const removed = gone.filter((name) => !expected.children.has(name)).sort(byName);
  expect(
    entries.filter(({ mark }) => mark === 'removed').map(({ name }) => name.text),
    where,
  ).toEqual(removed);
  expect(
    entries.map(({ name }) => name.text),
    where,
  ).toEqual([...names, ...removed].sort(byName));
  const sizes = (await ask('size')).map(({ sizeBytes }) => sizeBytes);
  expect(sizes, where).toEqual(sizes.toSorted((a, b) => b - a));
}

/** Any two views: names that differ, a directory that only one has standing for all in it. */
async function compareSides(chain: string[], views: Node[], [left, right]: [number, number]): Promise<void> {
  const expected: string[] = [];
  const walk = (a: Node, b: Node, path: string): void => {
    for (const name of new Set([...a.children.keys(), ...b.children.keys()])) {
      const [before, after] = [a.children.get(name), b.children.get(name)];
      const where = `${path}/${name}`;
      if (before === undefined) expected.push(`added ${where} 0 ${sizeOf(after!)}`);
      else if (after === undefined) expected.push(`removed ${where} ${sizeOf(before)} 0`);
      else if (before.bytes === undefined && after.bytes === undefined) walk(before, after, where);
      else if (before.bytes !== after.bytes) {
        expected.push(`changed ${where} ${sizeOf(before)} ${sizeOf(after)}`);
      }
    }
  };
  walk(views[left]!, views[right]!, '');
  const compared = await store.trees.compare({
    left: { layers: chain.slice(0, left + 1) },
    right: { layers: chain.slice(0, right + 1) },
    limit: 5000,
    sort: 'path',
  });
  const told = compared.entries.map(
    ({ mark, path, leftBytes, rightBytes }) => `${mark} ${path.text} ${leftBytes} ${rightBytes}`,
  );
  expect(told.sort(), `${left + 1} and ${right + 1}`).toEqual(expected.sort());
  expect(compared.total).toBe(expected.length);
}

/** One layer's own view: marks against what was below, and the first later layer that hides each entry. */
async function compareLayer(
  chain: string[],
  options: { layers: Map<string, LayerNode>[]; views: Node[]; number: number },
): Promise<void> {
  const { layers, views, number } = options;
  const below = views[number - 2] ?? directory(0);
  const walk = async (children: Map<string, LayerNode>, path: string[]): Promise<void> => {
    const text = `/${path.join('/')}`;
    const entries = await allPages((offset) =>
      store.trees.tree({ layers: chain, number, path: Buffer.from(text), offset, limit: 4, sort: 'name' }),
    );
    expect(entries.map(({ name }) => name.text)).toEqual([...children.keys()].sort(byName));
    for (const entry of entries) {
      const own = children.get(entry.name.text)!;
      const place = [...path, entry.name.text];
      const where = `${place.join('/')} in ${number}`;
      const stood = at(below, place) !== undefined;
      if (own.kind === 'whiteout') expect(entry.mark, where).toBe(stood ? 'removed' : 'same');
      else if (own.kind === 'file') expect(entry.mark, where).toBe(stood ? 'changed' : 'added');
      else expect(entry.mark === 'added', where).toBe(!stood);
      if (own.kind === 'file') expect(entry.hiddenBy, where).toBe(hiddenBy(views, number, place));
      if (own.kind === 'directory') await walk(own.children, place);
    }
  };
  await walk(layers[number - 1]!, []);
}

/** The first view after `number` in which the file at the place is not that layer's any more. */
function hiddenBy(views: Node[], number: number, place: string[]): number | undefined {
  for (let later = number + 1; later <= views.length; later++) {
    const node = at(views[later - 1]!, place);
    if (node?.bytes === undefined || node.layer !== number) return later;
  }
  return undefined;
}
