import { spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestStore } from './store.fixture.ts';
import { paxRecord, type TarEntry, tarHeader, tarOf, withChecksum } from './tar.fixture.ts';

/**
 * Tars that are wrong, strange or meant to do harm. Each is refused by name, with nothing left of it, or unpacked so that
 * nothing outside of its layer is touched; what was unpacked gives back the very tar.
 */

let store: TestStore;
let below: string[];
beforeAll(async () => {
  store = await TestStore.open();
  writeFileSync(join(store.directory, 'outside'), 'untouched');
  below = await store.add(
    [],
    [
      { name: 'old/file', data: 'old' },
      { name: 'old/other', data: 'old' },
    ],
  );
});
afterAll(async () => {
  expect(readFileSync(join(store.directory, 'outside'), 'utf8')).toBe('untouched');
  expect(lstatSync(join(store.directory, 'outside')).nlink).toBe(1);
  await store?.[Symbol.asyncDispose]();
});

/** What lies in a directory, a line each: path, kind, and contents, target or device. */
function listing(directory: string, prefix = ''): string[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      const status = lstatSync(path);
      const shown = `${prefix}${name}`;
      if (status.isDirectory()) return [`${shown}/`, ...listing(path, `${shown}/`)];
      if (status.isSymbolicLink()) return [`${shown} -> ${readlinkSync(path)}`];
      if (status.isCharacterDevice()) return [`${shown} c${status.rdev >> 8}:${status.rdev & 255}`];
      if (status.isFIFO()) return [`${shown} pipe`];
      return [`${shown} = ${status.size > 40 ? `${status.size} bytes` : readFileSync(path, 'utf8')}`];
    });
}

/** Unpacks a tar on top of the base, and takes it away again. */
async function unpacked(tar: Buffer): Promise<string[]> {
  const chain = await store.add(below, tar);
  const top = chain.at(-1)!;
  await store.layers.verify(top);
  const lines = listing(store.files.layer(top).diff);
  await store.layers.remove(top);
  return lines;
}

async function refusal(tar: Buffer): Promise<string> {
  const error = await store.add(below, tar).then(
    () => new Error('it was unpacked'),
    (thrown: Error & { code?: string }) => thrown,
  );
  expect(readdirSync(store.files.tmp)).toEqual([]);
  expect(store.layers.list()).toEqual(below);
  return `${'code' in error ? error.code : ''}: ${error.message}`;
}

const long = (length: number) => 'n'.repeat(length);
const symlink = (name: string, link: string): TarEntry => ({ name, type: '2', link });
const hardlink = (name: string, link: string): TarEntry => ({ name, type: '1', link });
const whiteout = (name: string): TarEntry => ({ name });
const base256 = (bytes: number[]): Buffer => Buffer.from([...Array(12 - bytes.length).fill(0), ...bytes]);

/** A header in the form of 1979: no magic, no owner names, a directory by its slash. */
function v7(entry: TarEntry): Buffer {
  const header = tarHeader({ ...entry, size: Buffer.from(entry.data ?? '').length });
  header.fill(0, 257);
  header.fill(0, 156, 157);
  return withChecksum(header);
}

/** Old GNU form of a sparse file: one piece of data in a file of `size` bytes. */
function gnuSparse(options: { name: string; size: number; offset: number; data: string }): Buffer {
  const { name, size, offset, data } = options;
  const header = tarHeader({ name, type: 'S', size: data.length });
  const field = (value: number, at: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeBigUInt64BE(BigInt(value), 4);
    bytes[0] = 0x80;
    bytes.copy(header, at);
  };
  header.write('ustar  \0', 257, 'latin1');
  header.fill(0, 345, 512);
  field(offset, 386);
  field(data.length, 398);
  field(size, 483);
  const block = Buffer.alloc(512);
  block.write(data);
  return Buffer.concat([withChecksum(header), block, Buffer.alloc(1024)]);
}

describe('unpacked, inside its layer', () => {
  test.each<[string, TarEntry[] | Buffer, string[]]>([
    [
      'a file below a link to the machine',
      [symlink('l', '/etc'), { name: 'l/passwd', data: 'x' }],
      ['etc/', 'etc/passwd = x', 'l -> /etc'],
    ],
    [
      'a file below a link that climbs',
      [symlink('a/l', '../../../../..'), { name: 'a/l/f', data: 'x' }],
      ['a/', 'a/l -> ../../../../..', 'f = x'],
    ],
    [
      'a directory replaced by a file, and back',
      [{ name: 'd/x', data: '1' }, { name: 'd', data: 'file' }, { name: 'd/' }, { name: 'd/y', data: '2' }],
      ['d/', 'd/y = 2'],
    ],
    [
      'a directory replaced by a link, then a file below it',
      [{ name: 'd/x', data: '1' }, symlink('d', '/other'), { name: 'd/y', data: '2' }],
      ['d -> /other', 'other/', 'other/y = 2'],
    ],
    ['a hard link to itself', [{ name: 'f', data: 'x' }, hardlink('f', 'f')], ['f = x']],
    [
      'a hard link through a link',
      [{ name: 'real/f', data: 'x' }, symlink('l', 'real'), hardlink('h', 'l/f')],
      ['h = x', 'l -> real', 'real/', 'real/f = x'],
    ],
    [
      'a hard link to a link is a link',
      [symlink('l', '/etc/passwd'), hardlink('h', 'l')],
      ['h -> /etc/passwd', 'l -> /etc/passwd'],
    ],
    ['absolute names', [{ name: '/abs/f', data: 'x' }], ['abs/', 'abs/f = x']],
    ['names that go up and come back', [{ name: 'a/../b/./f', data: 'x' }], ['b/', 'b/f = x']],
    ['nothing but slashes', [{ name: '/////', type: '5' }], []],
    ['control characters in a name', [{ name: 'a\nb\x1b[31m', data: 'x' }], ['a\nb\x1b[31m = x']],
    [
      'a header of 1979',
      Buffer.concat([
        v7({ name: 'd/' }),
        v7({ name: 'd/f', data: 'x' }),
        Buffer.concat([Buffer.from('x'), Buffer.alloc(511)]),
        Buffer.alloc(1024),
      ]),
      ['d/', 'd/f = x'],
    ],
    [
      'a name twice: the last counts',
      [
        { name: 'f', data: 'first' },
        { name: 'f', data: 'second' },
      ],
      ['f = second'],
    ],
    ['missing parents', [{ name: 'a/b/c/f', data: 'x' }], ['a/', 'a/b/', 'a/b/c/', 'a/b/c/f = x']],
    ['no entries at all', [], []],
    ['a removal before its file', [whiteout('.wh.f'), { name: 'f', data: 'x' }], ['f = x']],
    ['a removal after its file', [{ name: 'f', data: 'x' }, whiteout('.wh.f')], ['f = x']],
    ['a removal of what lies below', [whiteout('old/.wh.file')], ['old/', 'old/file c0:0']],
    [
      'an opaque mark before its directory',
      [whiteout('old/.wh..wh..opq'), { name: 'old/' }, { name: 'old/n', data: 'x' }],
      ['old/', 'old/n = x'],
    ],
    [
      'an opaque mark after its directory',
      [{ name: 'old/' }, { name: 'old/n', data: 'x' }, whiteout('old/.wh..wh..opq')],
      ['old/', 'old/n = x'],
    ],
    [
      'what aufs kept for itself',
      [
        { name: '.wh..wh.aufs', data: 'x' },
        { name: '.wh..wh.plnk/' },
        { name: '.wh..wh.plnk/f', data: 'x' },
        { name: 'g', data: 'y' },
      ],
      ['g = y'],
    ],
    [
      'overlay’s own mark of a removal',
      [
        { name: 'old/', mode: 0o755 },
        { name: 'old/file', type: '3' },
      ],
      ['old/'],
    ],
    ['missing end', tarOf([{ name: 'f', data: 'x' }], { end: false }), ['f = x']],
    [
      'one block of zeros at the end',
      Buffer.concat([tarOf([{ name: 'f', data: 'x' }], { end: false }), Buffer.alloc(512)]),
      ['f = x'],
    ],
    [
      'bytes behind the end',
      Buffer.concat([tarOf([{ name: 'f', data: 'x' }]), Buffer.alloc(700, 'trailing')]),
      ['f = x'],
    ],
    ['a time without whole seconds', [{ name: 'f', data: 'x', pax: { mtime: '.5' } }], ['f = x']],
    [
      'a directory with a size has no data',
      [
        { name: 'd/', size: 5 },
        { name: 'f', data: 'x' },
      ],
      ['d/', 'f = x'],
    ],
    ['a long extended header', [{ name: 'f', data: 'x', pax: { comment: long(100_000) } }], ['f = x']],
    [
      'a name by extended header',
      [{ name: 'short', data: 'x', pax: { path: 'other/name' } }],
      ['other/', 'other/name = x'],
    ],
    [
      'a pipe, a device',
      [
        { name: 'p', type: '6' },
        { name: 'null', type: '3', major: 1, minor: 3 },
      ],
      ['null c1:3', 'p pipe'],
    ],
    [
      'a sparse file of the old GNU form',
      gnuSparse({ name: 's', size: 100_000, offset: 50_000, data: 'data' }),
      ['s = 100000 bytes'],
    ],
    [
      'a sparse file of more than 8 GiB',
      gnuSparse({ name: 's', size: 9 * 2 ** 30, offset: 8.5 * 2 ** 30, data: 'end' }),
      [`s = ${9 * 2 ** 30} bytes`],
    ],
    ['a sparse file by extended header 0.0', sparse00(), ['s = 3000 bytes']],
    [
      'a sparse file by extended header 0.1',
      [{ name: 's', data: 'ab', pax: { 'GNU.sparse.size': '3000', 'GNU.sparse.map': '10,1,2000,1' } }],
      ['s = 3000 bytes'],
    ],
    ['a sparse file that is all hole', sparse10('0\n', ''), ['real = 3000 bytes']],
    ['a sparse file by extended header 1.0', sparse10(), ['real = 3000 bytes']],
  ])('%s', async (_, tar, lines) => {
    expect(await unpacked(Buffer.isBuffer(tar) ? tar : tarOf(tar))).toEqual(lines);
  });

  test('overlay’s xattrs are dropped, others kept', async () => {
    const pax = { 'SCHILY.xattr.trusted.overlay.opaque': 'y', 'SCHILY.xattr.user.kept': 'v' };
    const chain = await store.add(below, [
      { name: 'old/', pax },
      { name: 'old/n', data: 'x' },
    ]);
    const page = await store.trees.merged({
      layers: chain,
      number: 2,
      path: Buffer.from('/old'),
      offset: 0,
      limit: 10,
      sort: 'name',
    });
    expect(page.entries.map(({ name, mark }) => `${name.text} ${mark}`)).toEqual([
      'file same',
      'n added',
      'other same',
    ]);
    // As a writable layer it is read with what overlay would see in it.
    const changes = await store.trees.changes({ upper: store.files.layer(chain[1]!).diff, layers: below });
    expect(changes.map(({ path, kind }) => `${kind} ${path.text}`)).toEqual(['0 /old', '1 /old/n']);
    await store.layers.remove(chain[1]!);
  });

  test('the sparse files have their data where it belongs', async () => {
    const chain = await store.add(
      below,
      gnuSparse({ name: 's', size: 9 * 2 ** 30, offset: 8.5 * 2 ** 30, data: 'end' }),
    );
    const file = await store.trees.openFile({ layers: chain, number: 2, path: Buffer.from('/s') });
    expect(file.sizeBytes).toBe(9 * 2 ** 30);
    const chunks: Buffer[] = [];
    for await (const chunk of file.stream({ start: 8.5 * 2 ** 30 - 2, end: 8.5 * 2 ** 30 + 3 }))
      chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString('latin1')).toBe('\0\0end\0');
    await store.layers.remove(chain[1]!);
  });
});

describe('refused, and nothing left', () => {
  test.each<[string, TarEntry[] | Buffer, RegExp]>([
    ['a name above the layer', [{ name: '../outside', data: 'x' }], /^layer-invalid: .*outside of the layer/],
    [
      'a name far above',
      [{ name: 'a/../../../../outside', data: 'x' }],
      /^layer-invalid: .*outside of the layer/,
    ],
    ['a hard link above the layer', [hardlink('h', '../../outside')], /^layer-invalid: /],
    [
      'a hard link to what comes later',
      [hardlink('h', 'f'), { name: 'f', data: 'x' }],
      /^layer-invalid: .*no such file/,
    ],
    ['a hard link to nothing', [hardlink('h', 'none')], /^layer-invalid: .*no such file/],
    ['a hard link into the layer below', [hardlink('h', 'old/file')], /^layer-invalid: .*no such file/],
    ['a hard link to a directory', [{ name: 'd/' }, hardlink('h', 'd')], /^layer-invalid: .*not permitted/],
    [
      'a file below a file',
      [
        { name: 'f', data: 'x' },
        { name: 'f/g', data: 'y' },
      ],
      /^layer-invalid: .*not a directory/i,
    ],
    ['the root as a link', [symlink('./', '/etc')], /^layer-invalid: .*root is not a directory/],
    ['the root as a file', [{ name: '.', data: 'x' }], /^layer-invalid: .*root is not a directory/],
    ['an empty name', [{ name: '', data: 'x' }], /^layer-invalid: /],
    [
      'links that lead in a circle',
      [symlink('a', 'b'), symlink('b', 'a'), { name: 'a/f', data: 'x' }],
      /^layer-invalid: .*too many levels/,
    ],
    ['a name of 256 bytes', [{ name: long(256), data: 'x' }], /^layer-invalid: .*too long/],
    [
      'a path of 5,000 bytes',
      [{ name: `${long(200)}/`.repeat(25), type: '5' }],
      /^layer-invalid: .*too long/,
    ],
    ['a link’s target of 5,000 bytes', [symlink('l', long(5000))], /^layer-invalid: .*too long/i],
    ['20,000 levels', [{ name: 'd/'.repeat(20_000), type: '5' }], /^layer-invalid: .*too long/],
    [
      'a removal without a name',
      [whiteout('.wh.')],
      /^layer-invalid: invalid whiteout|^layer-invalid: .*whiteout/,
    ],
    ['a removal of the directory itself', [whiteout('d/.wh..')], /^layer-invalid: .*whiteout/],
    ['a truncated header', tarOf([{ name: 'f', data: 'x' }]).subarray(0, 300), /^layer-truncated: /],
    ['truncated data', tarOf([{ name: 'f', data: long(2000) }]).subarray(0, 1500), /^layer-truncated: /],
    ['a wrong checksum', corrupted(), /^layer-invalid: .*invalid tar header/],
    [
      'a size below zero',
      [{ name: 'f', sizeField: Buffer.alloc(12, 0xff) }],
      /^layer-invalid: .*invalid tar header/,
    ],
    [
      'a size that overflows',
      [{ name: 'f', sizeField: Buffer.concat([Buffer.from([0x80]), Buffer.alloc(11, 0xff)]) }],
      /^layer-invalid: .*invalid tar header/,
    ],
    [
      'a size of an exabyte',
      [
        {
          name: 'f',
          sizeField: Buffer.concat([
            Buffer.from([0x80]),
            base256([0x0d, 0xe0, 0xb6, 0xb3, 0xa7, 0x64, 0, 0]).subarray(1),
          ]),
        },
      ],
      /^layer-(truncated|invalid): /,
    ],
    [
      'digits that are none',
      [{ name: 'f', sizeField: Buffer.from('99999999999\0') }],
      /^layer-invalid: .*invalid tar header/,
    ],
    [
      'a sparse map that overlaps',
      [{ name: 's', data: 'ab', pax: { 'GNU.sparse.size': '30', 'GNU.sparse.map': '10,1,5,1' } }],
      /^layer-invalid: .*sparse/,
    ],
    [
      'a sparse map beyond the file',
      [{ name: 's', data: 'a', pax: { 'GNU.sparse.size': '3', 'GNU.sparse.map': '10,1' } }],
      /^layer-invalid: .*sparse/,
    ],
    ['an extended header that counts wrongly', rawPax('99 path=x\n'), /^layer-invalid: .*invalid tar header/],
    ['an extended header without a number', rawPax('path=x\n'), /^layer-invalid: .*invalid tar header/],
    [
      'an extended header of 2 MB',
      [{ name: 'f', data: 'x', pax: { comment: long(2_000_000) } }],
      /^layer-invalid: .*too long/,
    ],
    [
      'an xattr with a name of 300 bytes',
      [{ name: 'f', data: 'x', pax: { [`SCHILY.xattr.user.${long(300)}`]: 'v' } }],
      /^layer-invalid: /,
    ],
    [
      'an xattr of 70,000 bytes',
      [{ name: 'f', data: 'x', pax: { 'SCHILY.xattr.user.big': long(70_000) } }],
      /^layer-invalid: /,
    ],
    [
      'an owner beyond 32 bits',
      [{ name: 'f', data: 'x', pax: { uid: '99999999999' } }],
      /^layer-invalid: .*owner/,
    ],
    [
      'a device beyond the kernel’s numbers',
      [{ name: 'd', type: '4', major: 5000, minor: 1 }],
      /^layer-invalid: .*device/,
    ],
    ['a kind that nobody knows', [{ name: 'v', type: 'V' }], /^layer-invalid: .*type/],
    ['no tar', Buffer.alloc(4096, 'no tar'), /^layer-invalid: .*invalid tar header/],
    [
      'a gzip that ends early',
      gzipSync(tarOf([{ name: 'f', data: long(5000) }])).subarray(0, 60),
      /^layer-truncated: /,
    ],
    ['a gzip with a wrong checksum', badGzip(), /^layer-invalid: .*gzip/],
  ])('%s', async (_, tar, words) => {
    expect(await refusal(Buffer.isBuffer(tar) ? tar : tarOf(tar))).toMatch(words);
  });
});

describe('limits', () => {
  /** Runs the program with limits of its own; gives its last report. */
  function limited(tar: Buffer, ...limits: string[]): unknown {
    const directory = mkdtempSync(join(store.directory, 'limited-'));
    const run = spawnSync(store.program, ['unpack', ...limits], {
      input: tar,
      stdio: ['pipe', 'ignore', 'ignore', 'pipe', openSync(directory, 'r')],
    });
    // The two threads may tell at once: progress may come behind the error.
    const reports = String(run.output[3]).trim().split('\n');
    return JSON.parse(reports.find((line) => line.includes('"error"')) ?? reports.at(-1)!);
  }

  test('bytes: a small blob that unpacks to much', () => {
    const bomb = gzipSync(
      Buffer.concat([
        tarOf([{ name: 'zeros', size: 64 * 2 ** 20 }], { end: false }),
        Buffer.alloc(64 * 2 ** 20),
      ]),
    );
    expect(bomb.length).toBeLessThan(200_000);
    expect(limited(bomb, '--max-bytes', String(2 ** 20))).toMatchObject({ error: { kind: 'space' } });
  });

  test('entries', () => {
    const many = tarOf(Array.from({ length: 300 }, (_, index) => ({ name: `f${index}` })));
    expect(limited(many, '--max-entries', '200')).toMatchObject({ error: { kind: 'limit' } });
  });
});

function corrupted(): Buffer {
  const tar = tarOf([{ name: 'f', data: 'x' }]);
  tar[0] = 0x67;
  return tar;
}

function badGzip(): Buffer {
  const blob = gzipSync(tarOf([{ name: 'f', data: 'x' }]));
  blob[blob.length - 6]! ^= 0xff;
  return blob;
}

function rawPax(text: string): Buffer {
  const data = Buffer.alloc(512);
  data.write(text);
  return Buffer.concat([
    tarHeader({ name: 'x', type: 'x', size: text.length }),
    data,
    tarOf([{ name: 'f', data: 'x' }]),
  ]);
}

/** Records of form 0.0 repeat their keys, an extent each. */
function sparse00(): Buffer {
  const records = [
    ['GNU.sparse.size', '3000'],
    ['GNU.sparse.numblocks', '2'],
    ['GNU.sparse.offset', '10'],
    ['GNU.sparse.numbytes', '1'],
    ['GNU.sparse.offset', '2000'],
    ['GNU.sparse.numbytes', '1'],
  ].map(([key, value]) => paxRecord(key!, value!));
  const data = Buffer.concat(records);
  const padded = Buffer.concat([data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
  return Buffer.concat([
    tarHeader({ name: 'x', type: 'x', size: data.length }),
    padded,
    tarOf([{ name: 's', data: 'ab' }]),
  ]);
}

/** Form 1.0 has its map in front of the data. */
function sparse10(map = '2\n10\n1\n2000\n1\n', stored = 'ab'): Buffer {
  const block = Buffer.alloc(512);
  block.write(map);
  const pax = {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': 'real',
    'GNU.sparse.realsize': '3000',
  };
  return tarOf([{ name: 'GNUSparseFile.0/real', data: Buffer.concat([block, Buffer.from(stored)]), pax }]);
}
