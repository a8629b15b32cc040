import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TarEntry, tarOf } from '../../engine/layers/tar.fixture.ts';
import { imageArchive } from './archive.ts';
import { startEngine, type TestEngine } from './engine.ts';

/** docker cp and docker export by the real command, with containers and archives that try to get out. */

let engine: TestEngine;
let desk: string;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
  desk = join(engine.directory, 'desk');
  mkdirSync(join(desk, 'tree/sub'), { recursive: true });
  writeFileSync(join(desk, 'tree/one'), 'one\n', { mode: 0o640 });
  writeFileSync(join(desk, 'tree/sub/two'), 'two\n');
  symlinkSync('sub/two', join(desk, 'tree/link'));
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const cp = (...args: string[]) => engine.docker(['cp', ...args]);
const fine = async (...args: string[]) => {
  const { code, stderr } = await cp(...args);
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
};
const inside = (name: string, script: string) => engine.dockerText('exec', name, 'sh', '-c', script);
/** Unpacks an archive into a container as `docker cp - NAME:PATH` does. */
const put = (target: string, entries: TarEntry[] | Buffer) =>
  engine.docker(['cp', '-', target], { input: Buffer.isBuffer(entries) ? entries : tarOf(entries) });

describe.each(['running', 'stopped'])('a %s container', (state) => {
  const name = `box-${state}`;
  const out = (path: string) => join(desk, `${state}-${path}`);
  /** What a shell sees there; a stopped container is started for it. */
  const look = async (script: string) => {
    if (state === 'running') return await inside(name, script);
    await engine.dockerText('start', name);
    const seen = await inside(name, script);
    await engine.dockerText('stop', '-t', '0', name);
    return seen;
  };
  beforeAll(async () => {
    const mounts = ['-v', `kept-${state}:/data`, '-v', `kept-${state}:/seen:ro`, '--tmpfs', '/scratch'];
    await engine.dockerText('run', '-d', '--name', name, ...mounts, 'busybox', 'sleep', '1000');
    const script = [
      'mkdir -p /dir/sub /real',
      'echo file > /dir/file; echo deep > /dir/sub/deep',
      'chown 12:34 /dir/file; chmod 4755 /dir/file; ln /dir/file /dir/same; ln -s file /dir/link',
      'ln -s /real /alias; ln -s /nowhere/else /dangling; mkfifo /dir/pipe',
      'echo stored > /data/stored',
    ].join('; ');
    await inside(name, script);
    if (state === 'stopped') await engine.dockerText('stop', '-t', '0', name);
  });
  afterAll(() => engine.dockerText('rm', '-f', '-v', name));

  test('out: a file, a directory, its contents, a link and what it leads to', async () => {
    await fine(`${name}:/dir/file`, out('file'));
    expect(readFileSync(out('file'), 'utf8')).toBe('file\n');
    await fine(`${name}:/dir`, out('dir'));
    expect(readdirSync(out('dir')).sort()).toEqual(['file', 'link', 'pipe', 'same', 'sub']);
    expect(readFileSync(join(out('dir'), 'sub/deep'), 'utf8')).toBe('deep\n');
    expect(readlinkSync(join(out('dir'), 'link'))).toBe('file');
    expect(statSync(join(out('dir'), 'file')).ino).toBe(statSync(join(out('dir'), 'same')).ino);
    expect(lstatSync(join(out('dir'), 'pipe')).isFIFO()).toBe(true);
    mkdirSync(out('flat'));
    await fine(`${name}:/dir/.`, out('flat'));
    expect(readdirSync(out('flat')).sort()).toEqual(['file', 'link', 'pipe', 'same', 'sub']);
    await fine(`${name}:/dir/link`, out('link'));
    expect(readlinkSync(out('link'))).toBe('file');
    await fine('-L', `${name}:/dir/link`, out('followed'));
    expect(readFileSync(out('followed'), 'utf8')).toBe('file\n');
    const { stdout } = await cp(`${name}:/dir/file`, '-');
    const listed = spawnSync('tar', ['tv', '--numeric-owner'], { input: stdout, encoding: 'utf8' }).stdout;
    expect(listed).toMatch(/^-rwsr-xr-x 12\/34 +5 .* file$/m);
  });

  test('out: a volume, and nothing where there is nothing', async () => {
    await fine(`${name}:/data/stored`, out('stored'));
    expect(readFileSync(out('stored'), 'utf8')).toBe('stored\n');
    const missing = await cp(`${name}:/dir/none`, out('none'));
    expect(missing.stderr).toContain(`Could not find the file /dir/none in container ${name}`);
    const beyond = await cp(`${name}:/dir/file/`, out('none'));
    expect(beyond.code).toBe(1);
  });

  test('in: a file, a directory, its contents, through a link, into a volume', async () => {
    await fine(join(desk, 'tree/one'), `${name}:/renamed`);
    await fine(join(desk, 'tree'), `${name}:/in`);
    await fine(join(desk, 'tree'), `${name}:/in`);
    await fine(`${join(desk, 'tree')}/.`, `${name}:/alias`);
    await fine(join(desk, 'tree/one'), `${name}:/data/`);
    const seen = await look(
      'cat /renamed; stat -c %a /renamed; find /in | sort; find /real | sort; cat /data/one; readlink /in/link',
    );
    expect(seen.split('\n')).toEqual([
      'one',
      '640',
      ...['/in', '/in/link', '/in/one', '/in/sub', '/in/sub/two'],
      ...['/in/tree', '/in/tree/link', '/in/tree/one', '/in/tree/sub', '/in/tree/sub/two'],
      ...['/real', '/real/link', '/real/one', '/real/sub', '/real/sub/two'],
      'one',
      'sub/two',
    ]);
  });

  test('in: refused where nothing may be written, or something else lies there', async () => {
    const readOnly = await cp(join(desk, 'tree/one'), `${name}:/seen/`);
    expect(readOnly.stderr).toContain('mounted volume is marked read-only');
    const overDirectory = await put(`${name}:/`, [{ name: 'dir', data: 'no directory any more' }]);
    expect(overDirectory.stderr).toContain('cannot overwrite directory');
    const overFile = await put(`${name}:/dir`, [{ name: 'file/' }]);
    expect(overFile.stderr).toContain('cannot overwrite non-directory');
    const nowhere = await cp(join(desk, 'tree/one'), `${name}:/no/such/place`);
    expect(nowhere.stderr).toContain(`Could not find the file /no/such in container ${name}`);
    expect(await look('ls /seen; cat /dir/file')).toBe('one\nstored\nfile');
  });

  test('export has the root file system, without what is mounted on it', async () => {
    const file = out('export.tar');
    await engine.dockerText('export', '-o', file, name);
    const names = spawnSync('tar', ['tf', file], { encoding: 'utf8' }).stdout.split('\n');
    expect(names).toEqual(
      expect.arrayContaining(['bin/busybox', 'dir/file', 'dir/same', 'data/', '.dockerenv']),
    );
    expect(names.filter((path) => /^(data|proc|sys|scratch)\/./.test(path))).toEqual([]);
    const hosts = spawnSync('tar', ['xOf', file, 'etc/hosts'], { encoding: 'utf8' });
    expect(hosts).toMatchObject({ status: 0, stdout: '' });
  });
});

test('a read-only root file system, running and stopped', async () => {
  await engine.dockerText(
    'run',
    '-d',
    '--name',
    'stiff',
    '--read-only',
    '-v',
    '/data',
    'busybox',
    'sleep',
    '1000',
  );
  const refuse = async () => {
    const { stderr } = await cp(join(desk, 'tree/one'), 'stiff:/etc/');
    expect(stderr).toContain('container rootfs is marked read-only');
  };
  await refuse();
  await fine(join(desk, 'tree/one'), 'stiff:/data/');
  await engine.dockerText('stop', '-t', '0', 'stiff');
  await refuse();
  await fine('stiff:/data/one', join(desk, 'from-stiff'));
  expect(readFileSync(join(desk, 'from-stiff'), 'utf8')).toBe('one\n');
  await engine.dockerText('rm', '-v', 'stiff');
});

test('cp -a gives the files to the container’s user, by name', async () => {
  await engine.dockerText('create', '--name', 'owned', '--user', 'nobody', 'busybox', 'sleep', '1000');
  await fine('-a', join(desk, 'tree/one'), 'owned:/tmp/one');
  await engine.dockerText('start', 'owned');
  const uid = await engine.dockerText('exec', 'owned', 'id', '-u');
  expect(await inside('owned', 'stat -c %u /tmp/one')).toBe(uid);
  expect(uid).not.toBe('0');
  await engine.dockerText('rm', '-f', 'owned');
});

test('a container that was never started has its volumes too', async () => {
  await engine.dockerText('create', '--name', 'fresh', '-v', 'fresh:/made/for/it', 'busybox');
  await fine(join(desk, 'tree/one'), 'fresh:/made/for/it/');
  const shared = ['run', '--rm', '-v', 'fresh:/v', 'busybox', 'cat', '/v/one'];
  expect(await engine.dockerText(...shared)).toBe('one');
  await engine.dockerText('rm', 'fresh');
});

test('a volume is filled with links that lead out of it', async () => {
  const links = [
    { name: 'bin/', mode: 0o755 },
    { name: 'var/lib/app/up', type: '2', link: '../../etc/app' },
    { name: 'var/lib/app/far', type: '2', link: '/etc/app' },
  ];
  const image = imageArchive({ tag: 'linked:1', layers: [{ command: 'x', entries: links }] });
  await engine.docker(['load'], { input: image });
  await engine.dockerText('create', '--name', 'linked', '-v', 'linked:/var/lib/app', 'linked:1', 'sh');
  const seen = ['run', '--rm', '-v', 'linked:/v', 'busybox', 'sh', '-c', 'readlink /v/up; readlink /v/far'];
  expect(await engine.dockerText(...seen)).toBe('../../etc/app\n/etc/app');
  await engine.dockerText('rm', 'linked');
});

describe('archives that try to get out', () => {
  const outside = () => join(engine.directory, 'outside');
  beforeAll(async () => {
    mkdirSync(outside());
    writeFileSync(join(outside(), 'secret'), 'of the machine\n');
    await engine.dockerText('run', '-d', '--name', 'cage', 'busybox', 'sleep', '1000');
    await inside('cage', 'mkdir -p /pot /up; echo whole > /up/file');
  });
  afterAll(() => engine.dockerText('rm', '-f', 'cage'));

  test.each<[string, TarEntry[], string]>([
    ['a name above the destination', [{ name: '../up/file', data: 'x' }], 'is outside of'],
    [
      'a link above, then a file through it',
      [
        { name: 'l', type: '2', link: '../up' },
        { name: 'l/file', data: 'x' },
      ],
      'invalid symlink',
    ],
    ['a link deep above', [{ name: 'a/b/l', type: '2', link: '../../../up' }], 'invalid symlink'],
    ['a hard link to above', [{ name: 'h', type: '1', link: '../up/file' }], 'invalid hardlink'],
    [
      'an absolute hard link to what is not there',
      [{ name: 'h', type: '1', link: '/up/file' }],
      'no such file',
    ],
    ['a truncated archive', [{ name: 'big', data: 'x', size: 100_000 }], 'unexpected EOF'],
  ])('%s', async (_, entries, words) => {
    const answer = await put('cage:/pot', entries);
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toContain(words);
    expect(await inside('cage', 'cat /up/file; stat -c %h /up/file')).toBe('whole\n1');
  });

  test('an absolute name, and an absolute link, stay in the destination and the container', async () => {
    const entries = [
      { name: '/abs/file', data: 'kept\n' },
      { name: 'out', type: '2', link: outside() },
      { name: 'out/new', data: 'no\n' },
    ];
    const answer = await put('cage:/pot', entries);
    expect(answer.stderr).toMatch(/no such file or directory/i);
    expect(await inside('cage', 'cat /pot/abs/file')).toBe('kept');
    expect(readdirSync(outside())).toEqual(['secret']);
  });

  test('no archive', async () => {
    expect((await put('cage:/pot', Buffer.alloc(2048, 'x'))).stderr).toContain('invalid tar header');
    expect((await put('cage:/pot', Buffer.alloc(0))).code).toBe(0);
  });

  test('a container that exchanges a directory for a link to the machine while files are copied', async () => {
    // The attack of CVE-2018-15664: the link names a directory of the machine, which the container does not have.
    const swap = [
      'mkdir -p /race/inner; echo mine > /race/inner/secret',
      `ln -s ${outside()} /race/link`,
      'while true; do mv /race/inner /race/kept; mv /race/link /race/inner; mv /race/inner /race/link; mv /race/kept /race/inner; done',
    ].join('; ');
    await engine.dockerText('exec', '-d', 'cage', 'sh', '-c', swap);
    const seen = new Set<string>();
    for (let round = 0; round < 25; round++) {
      await put('cage:/race/inner', [{ name: 'planted', data: 'planted' }]);
      const { code, stdout } = await engine.docker(['cp', 'cage:/race/inner/secret', '-']);
      if (code === 0) seen.add(stdout.includes('of the machine') ? 'machine' : 'container');
    }
    expect([...seen]).toEqual(['container']);
    expect(readdirSync(outside())).toEqual(['secret']);
  });

  test('links to the machine in a stopped container', async () => {
    await inside('cage', `ln -s ${outside()} /lead; ln -s /proc/1/root /proc-root`);
    await engine.dockerText('stop', '-t', '0', 'cage');
    expect((await cp('cage:/lead/secret', join(desk, 'stolen'))).stderr).toContain('Could not find the file');
    expect((await put('cage:/lead', [{ name: 'planted', data: 'x' }])).stderr).toContain(
      'must be a directory',
    );
    const answer = await engine.api('PUT', '/containers/cage/archive?path=/lead');
    expect(answer).toMatchObject({ status: 404 });
    expect((await cp('cage:/proc-root/etc/hostname', join(desk, 'stolen'))).code).not.toBe(0);
    expect(existsSync(join(desk, 'stolen'))).toBe(false);
    expect(readdirSync(outside())).toEqual(['secret']);
    await engine.dockerText('start', 'cage');
    expect((await cp('cage:/proc-root/etc/passwd', join(desk, 'stolen'))).code).not.toBe(0);
  });
});
