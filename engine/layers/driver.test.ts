import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openContainerTrees } from './container-trees.ts';
import type { MountPlan } from './driver.ts';
import { openLayers } from './layer-store.ts';
import { TestStore } from './store.fixture.ts';
import { tarOf } from './tar.fixture.ts';

/** What every storage driver promises (driver.ts), with real mounts. */

const base = tarOf([
  { name: 'etc/' },
  { name: 'etc/conf', data: 'first', mode: 0o640, uid: 5, gid: 6 },
  { name: 'etc/gone', data: 'gone' },
  { name: 'old/a/b', data: 'deep' },
  { name: 'bin/', mode: 0o755 },
  { name: 'bin/tool', data: 'x'.repeat(3000), mode: 0o4755 },
  { name: 'bin/same', type: '1', link: 'bin/tool' },
  { name: 'bin/link', type: '2', link: 'tool' },
]);
const second = tarOf([
  { name: 'etc/conf', data: 'second' },
  { name: 'etc/.wh.gone' },
  { name: 'old/', mode: 0o700 },
  { name: 'old/.wh..wh..opq' },
  { name: 'old/new', data: 'new' },
]);

/** Runs a script in a directory where the plan's root file system is mounted, where nobody else sees it. */
function inRoot(plan: MountPlan, script: string): string {
  const [first = '', ...more] = plan.lower;
  const lower = [first, ...more].join(':');
  const writable = plan.upper === undefined ? '' : `,upperdir=${plan.upper},workdir=${plan.work}`;
  const mount =
    plan.type === 'bind'
      ? `mount --bind ${first} /mnt`
      : `mount -t overlay overlay -o lowerdir=${lower}${writable} /mnt`;
  const run = spawnSync('unshare', ['-m', 'sh', '-ec', `${mount}; cd /mnt; ${script}`], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return run.stdout.trim();
}

describe.each(['overlay2', 'vfs'])('%s', (driver) => {
  let store: TestStore;
  let chain: string[];
  beforeAll(async () => {
    store = await TestStore.open({ driver });
    chain = await store.add(await store.add([], base), second);
  });
  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
  });
  const container = (name: string) => {
    const directory = join(store.directory, name);
    const [upper, work] = [join(directory, 'upper'), join(directory, 'work')];
    for (const path of [upper, work]) mkdirSync(path, { recursive: true });
    return { upper, work };
  };

  test('is the one that was asked for', () => {
    expect(store.layers.name).toBe(driver);
  });

  test('the root file system is all layers put together', async () => {
    const plan = await store.layers.plan({ layers: chain, ...container('together') });
    const script =
      'cat etc/conf; echo; ls etc old; stat -c "%a %h" bin/tool; stat -c %a old; readlink bin/link; ls -d dev proc';
    expect(inRoot(plan, script).split('\n')).toEqual([
      'second',
      ...['etc:', 'conf', 'hostname', 'hosts', 'mtab', 'resolv.conf', '', 'old:', 'new'],
      '4755 2',
      '700',
      'tool',
      ...['dev', 'proc'],
    ]);
    const below = await store.layers.plan({ layers: chain.slice(0, 1), ...container('below') });
    expect(inRoot(below, 'cat etc/conf etc/gone old/a/b; stat -c "%a %u:%g" etc/conf')).toBe(
      'firstgonedeep640 5:6',
    );
  });

  test('what is written into one container is in no other, and in no layer', async () => {
    const [one, two] = [container('one'), container('two')];
    inRoot(await store.layers.plan({ layers: chain, ...one }), 'echo mine > etc/conf; rm bin/tool');
    expect(inRoot(await store.layers.plan({ layers: chain, ...two }), 'cat etc/conf; ls bin')).toBe(
      'second' + 'link\nsame\ntool',
    );
    // A second start has what the first left.
    expect(inRoot(await store.layers.plan({ layers: chain, ...one }), 'cat etc/conf; ls bin')).toBe(
      'mine\nlink\nsame',
    );
    for (const layer of chain) await store.layers.verify(layer);
  });

  test('changes, size and the layer of a container', async () => {
    const files = container('written');
    const { upper } = files;
    expect(await store.layers.size(upper)).toBe(0);
    expect(await store.trees.changes({ upper, layers: chain })).toEqual([]);
    const script =
      'echo 12345 > new; rm etc/conf; rm -r old; mkdir -p made/deep; chmod 700 bin; ln new made/same';
    inRoot(await store.layers.plan({ layers: chain, ...files }), script);
    const changes = await store.trees.changes({ upper, layers: chain });
    expect(changes.map(({ kind, path }) => `${'CAD'[kind]} ${path.text}`)).toEqual([
      'C /bin',
      'C /etc',
      'D /etc/conf',
      'A /made',
      'A /made/deep',
      'A /made/same',
      'A /new',
      'D /old',
    ]);
    expect(await store.layers.size(upper)).toBe(6);
    const trees = openContainerTrees({ files: store.files, unpackProgram: store.program });
    const committed = await store.add(chain, await buffer(await trees.pack(upper)));
    const again = await store.layers.plan({ layers: committed, ...container('committed') });
    expect(inRoot(again, 'cat new; ls etc made; ls; stat -c %h new; stat -c %a bin').split('\n')).toEqual([
      '12345',
      ...['etc:', 'hostname', 'hosts', 'mtab', 'resolv.conf', '', 'made:', 'deep', 'same'],
      ...['bin', 'dev', 'etc', 'made', 'new', 'proc', 'sys'],
      '2',
      '700',
    ]);
    const counts = await store.trees.counts({ layers: committed, number: 3 });
    expect(counts.marks).toEqual({ added: 4, changed: 2, removed: 2 });
    await store.layers.remove(committed[2]!);
  });

  test('the tar of a layer is the very tar that came', async () => {
    expect(Buffer.compare(await buffer(store.layers.tar(chain[0]!)), base)).toBe(0);
    expect(Buffer.compare(await buffer(store.layers.tar(chain[1]!)), second)).toBe(0);
    const packed = await buffer(
      store.layers.packed(chain[0]!, { signal: AbortSignal.timeout(60_000), progress: () => {} }),
    );
    expect(packed.length).toBeLessThan(base.length);
    expect(Buffer.compare(gunzipSync(packed), base)).toBe(0);
  });

  test('a wrong digest, and what is given up, leave nothing', async () => {
    const before = store.layers.list();
    const apply = (more: object) =>
      store.layers.apply({ blob: Readable.from([second]), mediaType: '', ...more });
    const wrong = `sha256:${'0'.repeat(64)}`;
    await expect(apply({ diffId: wrong })).rejects.toMatchObject({ code: 'digest-mismatch' });
    await expect(apply({ blobDigest: wrong })).rejects.toMatchObject({ code: 'digest-mismatch' });
    await expect(apply({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'canceled' });
    await (await apply({})).discard();
    expect(store.layers.list()).toEqual(before);
    expect(readdirSync(store.files.tmp)).toEqual([]);
  });

  test('a removed layer is out of sight at once, and its space comes back', async () => {
    const [layer] = await store.add([], tarOf([{ name: 'f', data: 'one of its own' }]));
    await store.layers.remove(layer!);
    expect(store.layers.record(layer!)).toBeUndefined();
    expect(existsSync(store.files.layer(layer!).dir)).toBe(false);
    await store.layers.settled();
    expect(readdirSync(store.files.trash)).toEqual([]);
    await expect(text(store.layers.tar(chain[0]!))).resolves.toHaveLength(base.length);
  });

  test('another driver does not open its store, and says why', async () => {
    const other = driver === 'vfs' ? 'overlay2' : 'vfs';
    const opening = openLayers({ files: store.files, unpackProgram: store.program, driver: other });
    await expect(opening).rejects.toThrow(`2 layers of the storage driver ${driver}`);
  });
});

test('a driver that nobody has is refused with the list of those that are there', async () => {
  await expect(TestStore.open({ driver: 'aufs' })).rejects.toThrow('this engine has overlay2 and vfs');
});
