import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Comparison, FoundPaths, ImageLayers, PathBlame, TreePage } from '../../engine/api/layers.ts';
import { imageArchive } from './archive.ts';
import { startEngine, type TestEngine } from './engine.ts';

/** What lies in layers, asked over the engine's socket; docker diff by the real command. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
  for (const image of [three, other]) {
    const loaded = await engine.docker(['load'], { input: image });
    expect(loaded.stderr).toBe('');
  }
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const base = {
  command: '/bin/sh -c #(nop) ADD file:1 in / ',
  entries: [
    { name: 'etc/' },
    { name: 'etc/conf', data: 'as installed\n' },
    { name: 'usr/share/doc', data: 'd'.repeat(5000) },
    { name: 'b\xffd', data: 'bytes' },
  ],
};
const three = imageArchive({
  tag: 'team/three:1',
  layers: [
    base,
    { command: '/bin/sh -c #(nop)  CMD ["sh"]', entries: null },
    {
      command: 'RUN /bin/sh -c rm -r /usr/share # buildkit',
      entries: [{ name: 'usr/.wh.share' }, { name: 'etc/conf', data: 'as changed\n' }],
    },
  ],
});
const other = imageArchive({ tag: 'other:latest', layers: [base] });

const get = async <T>(path: string): Promise<T> => {
  const answer = await engine.api('GET', path);
  expect(answer.text, path).not.toContain('"message"');
  return answer.json() as T;
};
const lines = (page: TreePage) =>
  page.entries.map(({ name, type, sizeBytes, mark, layer, hiddenBy }) =>
    [name.text, type, sizeBytes, mark, layer, hiddenBy ?? '-'].join(' '),
  );

describe('the layers of an image', () => {
  test('are numbered as its history is, with what they hold and who shares them', async () => {
    const answer = await get<ImageLayers>('/berth/images/team/three:1/layers');
    expect(answer).toMatchObject({ sizeBytes: 5029, uniqueBytes: 11 });
    expect(answer.layers).toMatchObject([
      { number: 1, sizeBytes: 5018, files: 3, directories: 3, added: 6, sharedWith: ['other:latest'] },
      { number: 2, diffId: null, sizeBytes: 0, files: 0, command: '/bin/sh -c #(nop)  CMD ["sh"]' },
      { number: 3, sizeBytes: 11, files: 1, added: 0, changed: 1, removed: 1, sharedWith: [] },
    ]);
    expect(answer.layers[0]?.createdAt).toBe('2026-01-02T03:04:05Z');
  });

  test('trees of one and of all, in the same numbers', async () => {
    const image = '/berth/images/team/three:1';
    expect(lines(await get(`${image}/tree?layer=1&path=/etc`))).toEqual(['conf file 13 added 1 3']);
    expect(lines(await get(`${image}/tree?layer=2&path=/`))).toEqual([]);
    expect(lines(await get(`${image}/merged?upto=2&path=/usr/share`))).toEqual(['doc file 5000 same 1 -']);
    expect(lines(await get(`${image}/merged?upto=3&path=/usr`))).toEqual(['share whiteout 0 removed 1 -']);
    const bySize = await get<TreePage>(`${image}/merged?upto=1&path=/&sort=size&limit=2`);
    expect(lines(bySize)).toEqual(['usr directory 5000 added 1 -', 'etc directory 13 added 1 -']);
    expect(bySize).toMatchObject({ total: 3, offset: 0 });
    expect(bySize.indexBytesRead).toBeLessThanOrEqual(65_536);
  });

  test('a file’s bytes, whole and by ranges', async () => {
    const file = (query: string, range?: string) =>
      engine.api(
        'GET',
        `/berth/images/team/three:1/file?${query}`,
        range ? { headers: { Range: range } } : {},
      );
    const whole = await file('layer=3&path=/etc/conf');
    expect(whole).toMatchObject({ status: 200, text: 'as changed\n' });
    expect(whole.headers).toMatchObject({ 'content-length': '11', 'accept-ranges': 'bytes' });
    expect((await file('layer=2&path=/etc/conf')).text).toBe('as installed\n');
    const part = await file('layer=1&path=/etc/conf', 'bytes=3-6');
    expect(part).toMatchObject({ status: 206, text: 'inst' });
    expect(part.headers['content-range']).toBe('bytes 3-6/13');
    expect(await file('layer=1&path=/etc/conf', 'bytes=-3')).toMatchObject({ status: 206, text: 'ed\n' });
    expect(await file('layer=1&path=/etc/conf', 'bytes=13-')).toMatchObject({ status: 416 });
    const exact = Buffer.from('/b\xffd', 'latin1').toString('base64');
    expect((await file(`layer=3&pathBase64=${encodeURIComponent(exact)}`)).text).toBe('bytes');
  });

  test('what is not there, or not asked rightly, is refused by name', async () => {
    const refused = async (path: string) => {
      const answer = await engine.api('GET', `/berth/images/${path}`);
      const { message, berth } = answer.json() as { message: string; berth: { code: string } };
      return [answer.status, berth.code, message].join(' ');
    };
    expect(await refused('nope/layers')).toBe('404 image-not-found No such image: nope:latest');
    expect(await refused('team/three:1/tree?layer=4')).toMatch(
      /^404 layer-not-found .* has no layer 4: it has 3$/,
    );
    expect(await refused('team/three:1/merged?upto=3&path=/usr/share')).toBe(
      '404 path-not-found /usr/share: no such directory',
    );
    expect(await refused('team/three:1/file?layer=3&path=/usr/share/doc')).toMatch(/^404 path-not-found /);
    expect(await refused('team/three:1/tree?layer=1&limit=501')).toMatch(/^400 bad-parameter /);
    expect(await refused('team/three:1/tree?layer=1&sort=date')).toMatch(/^400 bad-parameter /);
  });
});

describe('one path', () => {
  test('blame: which layer did what to it, and what that wastes', async () => {
    const conf = await get<PathBlame>('/berth/images/team/three:1/blame?path=/etc/conf');
    expect(conf.versions).toMatchObject([
      { layer: 1, mark: 'added', sizeBytes: 13, hiddenBy: 3, command: base.command },
      { layer: 3, mark: 'changed', sizeBytes: 11 },
    ]);
    expect(conf.wastedBytes).toBe(13);
    const doc = await get<PathBlame>('/berth/images/team/three:1/blame?path=/usr/share/doc');
    expect(doc).toMatchObject({ versions: [{ layer: 1, hiddenBy: 3 }], wastedBytes: 5000 });
    const share = await get<PathBlame>('/berth/images/team/three:1/blame?path=/usr/share');
    expect(share.versions).toMatchObject([
      { layer: 1, hiddenBy: 3 },
      { layer: 3, type: 'whiteout', mark: 'removed' },
    ]);
    expect((await engine.api('GET', '/berth/images/team/three:1/blame?path=/none')).status).toBe(404);
  });

  test('search over all layers, hidden versions too', async () => {
    const found = await get<FoundPaths>('/berth/images/team/three:1/search?glob=co*&type=file');
    expect(found).toMatchObject({
      total: 2,
      entries: [
        { path: { text: '/etc/conf' }, layer: 1, sizeBytes: 13, hiddenBy: 3 },
        { path: { text: '/etc/conf' }, layer: 3, sizeBytes: 11 },
      ],
    });
    const large = await get<FoundPaths>('/berth/images/team/three:1/search?glob=**&minBytes=1000&limit=1');
    expect(large).toMatchObject({ total: 3, entries: [{ path: { text: '/usr' } }] });
    expect((await engine.api('GET', `/berth/images/other/search?glob=${'*a'.repeat(20)}`)).status).toBe(400);
  });

  test('extract: a tar of it as it stands after a layer', async () => {
    const extract = async (query: string) => {
      const path = `/berth/images/team/three:1/archive?${query}`;
      const call = request({ socketPath: engine.socket, path }).end();
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      const tar = await buffer(response);
      return spawnSync('tar', ['t'], { input: tar, encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(await extract('upto=2&path=/usr')).toEqual(['usr/', 'usr/share/', 'usr/share/doc']);
    expect(await extract('upto=3&path=/usr')).toEqual(['usr/']);
    expect(await extract('upto=1&path=/etc/conf')).toEqual(['conf']);
    // The mount points of containers are no part of an image.
    expect(await extract('upto=1')).toEqual(expect.arrayContaining(['./', './etc/', './etc/conf']));
    expect(await extract('upto=1')).not.toContain('./.dockerenv');
    expect(await extract('upto=3')).not.toContain('./.dockerenv');
    expect(
      (await engine.api('GET', '/berth/images/team/three:1/archive?upto=3&path=/usr/share')).status,
    ).toBe(404);
  });
});

describe('compare', () => {
  const compare = async (left: string, right: string, more = '') => {
    const query = `left=${encodeURIComponent(left)}&right=${encodeURIComponent(right)}${more}`;
    return await get<Comparison>(`/berth/compare?${query}`);
  };
  const told = ({ entries }: Comparison) =>
    entries.map(({ mark, path, leftBytes, rightBytes, fields }) =>
      [mark, path.text, leftBytes, rightBytes, ...fields].join(' '),
    );

  test('two images, and two layers of one', async () => {
    const images = await compare('image:other', 'image:team/three:1');
    expect(images).toMatchObject({
      added: { files: 0, bytes: 0 },
      changed: { files: 1, leftBytes: 13, rightBytes: 11 },
      removed: { files: 1, bytes: 5000 },
      total: 2,
    });
    expect(told(images)).toEqual(['removed /usr/share 5000 0', 'changed /etc/conf 13 11 size']);
    expect(told(await compare('image:team/three:1', 'layer:1:team/three:1', '&limit=1'))).toEqual([
      'added /usr/share 0 5000',
    ]);
    expect(await compare('layer:1:team/three:1', 'image:other')).toMatchObject({ total: 0, entries: [] });
    expect(await compare('layer:2:team/three:1', 'layer:1:other')).toMatchObject({ total: 0 });
  });

  test('containers with their images, with each other, and with an image that shares nothing', async () => {
    const script =
      'echo 12345 > /new; rm /bin/vi; rm -r /var; chmod 700 /root; mkdir /made; echo 1 > /made/f';
    await engine.dockerText('run', '--name', 'left', 'busybox', 'sh', '-c', script);
    await engine.dockerText('run', '--name', 'right', 'busybox', 'sh', '-c', `${script}; echo 2 > /made/g`);
    const own = await compare('image:busybox', 'container:left', '&sort=path');
    expect(told(own)).toEqual([
      expect.stringMatching(/^removed \/bin\/vi 0 0$/),
      'added /made 0 2',
      'added /new 0 6',
      'changed /root 0 0 mode',
      'removed /var 0 0',
    ]);
    const each = await compare('container:left', 'container:right');
    expect(each.entries.filter(({ fields }) => fields[0] !== 'time')).toMatchObject([
      { mark: 'added', path: { text: '/made/g' }, rightBytes: 2 },
    ]);
    const none = await compare('container:left', 'image:other');
    expect(told(none)).toEqual(expect.arrayContaining(['removed /made 2 0', 'added /usr/share 0 5000']));
    await engine.dockerText('rm', 'left', 'right');
  });

  test('what is not there, or not asked rightly', async () => {
    const refused = async (left: string) =>
      (await engine.api('GET', `/berth/compare?left=${left}&right=image:other`)).status;
    expect(await refused('image:nope')).toBe(404);
    expect(await refused('container:nope')).toBe(404);
    expect(await refused('layer:9:other')).toBe(404);
    expect(await refused('volume:x')).toBe(400);
  });
});

describe('a container’s writable layer', () => {
  const script = [
    'echo new > /new',
    'mkdir -p /made/inside',
    'ln -s /new /made/link',
    'rm /bin/vi',
    'chmod 700 /root',
    'echo more >> /etc/passwd',
    'mkdir /etc/dir && echo x > /etc/dir/file',
    'echo volume > /data/file',
  ].join('; ');
  const changes = [
    'C /bin',
    'D /bin/vi',
    'A /data',
    'C /etc',
    'A /etc/dir',
    'A /etc/dir/file',
    'C /etc/passwd',
    'A /made',
    'A /made/inside',
    'A /made/link',
    'A /new',
    'C /root',
  ];
  beforeAll(async () => {
    const run = ['run', '-d', '--name', 'writer', '-v', '/data', 'busybox', 'sh', '-c'];
    await engine.dockerText(...run, `${script}; echo done; sleep 1000`);
    const logs = engine.spawnDocker(['logs', '-f', 'writer']);
    await new Promise((resolve) => logs.stdout.once('data', resolve));
    logs.kill();
  });
  afterAll(() => engine.dockerText('rm', '-f', '-v', 'writer'));

  test('docker diff, running and stopped', async () => {
    expect((await engine.dockerText('diff', 'writer')).split('\n')).toEqual(changes);
    await engine.dockerText('stop', '-t', '0', 'writer');
    expect((await engine.dockerText('diff', 'writer')).split('\n')).toEqual(changes);
    const created = await engine.dockerText('create', 'busybox');
    expect(await engine.dockerText('diff', created)).toBe('');
    await engine.dockerText('rm', created);
  });

  test('as a tree with its files', async () => {
    expect(lines(await get('/berth/containers/writer/layer?path=/etc'))).toEqual([
      'dir directory 2 added 2 -',
      expect.stringMatching(/^passwd file \d+ changed 2 -$/),
    ]);
    expect(lines(await get('/berth/containers/writer/layer?path=/bin'))).toEqual([
      'vi whiteout 0 removed 2 -',
    ]);
    expect((await engine.api('GET', '/berth/containers/writer/file?path=/new')).text).toBe('new\n');
    const through = await engine.api('GET', '/berth/containers/writer/file?path=/made/link');
    expect(through.status).toBe(404);
  });

  test('an unknown container', async () => {
    const missing = await engine.docker(['diff', 'nope']);
    expect(missing.stderr).toContain('No such container: nope');
  });
});
