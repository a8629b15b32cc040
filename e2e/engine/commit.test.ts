import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageInspect } from '../../engine/api/images.ts';
import type { TreePage } from '../../engine/api/layers.ts';
import { imageArchive } from './archive.ts';
import { startEngine, type TestEngine } from './engine.ts';

/** docker commit and docker history by the real command. */

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const inspect = async (name: string) =>
  (JSON.parse(await engine.dockerText('image', 'inspect', name)) as ImageInspect[])[0]!;
const names = async (image: string, layer: number, path: string) => {
  const answer = await engine.api('GET', `/berth/images/${image}/tree?layer=${layer}&path=${path}`);
  return (answer.json() as TreePage).entries.map(({ name, type }) => `${name.text} ${type}`);
};

describe('an image of a container', () => {
  const script = [
    'echo new > /new; ln /new /same; ln -s /new /link; mkfifo /pipe',
    'rm /bin/vi; rm -r /var && mkdir /var && echo other > /var/own',
    'echo volume > /data/file; touch -d "2001-02-03 04:05:06" /new',
    'nc -l -s /socket -p 1 2>/dev/null & echo ready; sleep 1000',
  ].join('; ');
  beforeAll(async () => {
    const run = ['run', '-d', '--name', 'maker', '-e', 'FROM=run', '-v', '/data', '-l', 'kept=yes'];
    await engine.dockerText(...run, 'busybox', 'sh', '-c', script);
    const logs = engine.spawnDocker(['logs', '-f', 'maker']);
    await new Promise((resolve) => logs.stdout.once('data', resolve));
    logs.kill();
  });
  afterAll(() => engine.dockerText('rm', '-f', '-v', 'maker'));

  test('has what it wrote, and nothing of its volumes', async () => {
    const id = await engine.dockerText('commit', 'maker', 'made:1');
    expect((await inspect('made:1')).Id).toBe(id);
    expect(await names('made:1', 2, '/')).toEqual(
      expect.arrayContaining(['new file', 'same hardlink', 'link symlink', 'pipe fifo', 'data directory']),
    );
    expect(await names('made:1', 2, '/bin')).toEqual(['vi whiteout']);
    expect(await names('made:1', 2, '/var')).toEqual(['own file']);
    expect(await names('made:1', 2, '/data')).toEqual([]);
    const seen = [
      'run',
      '--rm',
      'made:1',
      'sh',
      '-c',
      'cat /new /link /var/own; ls /var; stat -c %Y /new; ls /bin/vi',
    ];
    const { stdout } = await engine.docker(seen);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['new', 'new', 'other', 'own', String(Date.UTC(2001, 1, 3, 4, 5, 6) / 1000)]),
    );
    // The mount points that every container has are no part of it.
    expect(stdout).not.toContain('/bin/vi');
    expect((await engine.docker(['diff', 'maker'])).code).toBe(0);
  });

  test('its configuration: the container’s, changed as asked', async () => {
    const changes = [
      '-c',
      'CMD ["echo", "hello"]',
      '-c',
      'ENV MORE=1',
      '-c',
      'EXPOSE 80',
      '-c',
      'WORKDIR /tmp',
    ];
    const words = ['-m', 'a message', '-a', 'Ann <ann@example.org>'];
    await engine.dockerText('commit', ...words, ...changes, 'maker', 'made:2');
    const image = await inspect('made:2');
    expect(image).toMatchObject({ Comment: 'a message', Author: 'Ann <ann@example.org>' });
    expect(image.Config).toMatchObject({
      Cmd: ['echo', 'hello'],
      WorkingDir: '/tmp',
      ExposedPorts: { '80/tcp': {} },
      Labels: { kept: 'yes' },
      Volumes: { '/data': {} },
    });
    expect(image.Config.Env).toEqual(expect.arrayContaining(['FROM=run', 'MORE=1']));
    expect(image.Config).not.toHaveProperty('Hostname');
    expect(await engine.dockerText('run', '--rm', 'made:2')).toBe('hello');
    const history = await engine.dockerText(
      'history',
      '--no-trunc',
      '--format',
      '{{.CreatedBy}}|{{.Comment}}',
      'made:2',
    );
    expect(history.split('\n')[0]).toBe(`sh -c ${script}|a message`);
    const wrong = await engine.docker(['commit', '-c', 'FROM scratch', 'maker']);
    expect(wrong.stderr).toContain('from is not a valid change command');
  });

  test('a running container stands still meanwhile, unless it need not', async () => {
    await engine.dockerText('commit', 'maker');
    expect(await engine.dockerText('inspect', '-f', '{{.State.Status}}', 'maker')).toBe('running');
    await engine.dockerText('commit', '-p=false', 'maker');
    await engine.dockerText('pause', 'maker');
    await engine.dockerText('commit', 'maker', 'made:paused');
    expect(await engine.dockerText('inspect', '-f', '{{.State.Status}}', 'maker')).toBe('paused');
    await engine.dockerText('unpause', 'maker');
  });

  test('is told, and survives save and load as the same image', async () => {
    const id = await engine.dockerText('commit', 'maker', 'made:3');
    const format = ['--format', '{{.Type}} {{.Action}}'];
    const events = await engine.dockerText('events', '--since', '1m', '--until', '0s', ...format);
    expect(events.split('\n')).toEqual(expect.arrayContaining(['container commit', 'image tag']));
    const archive = join(engine.directory, 'made.tar');
    await engine.dockerText('save', '-o', archive, 'made:3');
    expect(spawnSync('tar', ['tf', archive]).status).toBe(0);
    await engine.dockerText('rmi', 'made:3');
    await engine.dockerText('load', '-i', archive);
    expect((await inspect('made:3')).Id).toBe(id);
  });
});

test('a container that wrote nothing makes a line of history and no layer', async () => {
  await engine.dockerText('create', '--name', 'idle', 'busybox');
  await engine.dockerText('commit', '-c', 'LABEL a=b', 'idle', 'same-files');
  const [made, base] = [await inspect('same-files'), await inspect('busybox')];
  expect(made.RootFS).toEqual(base.RootFS);
  const history = await engine.dockerText('history', '--format', '{{.Size}}', 'same-files');
  expect(history.split('\n')[0]).toBe('0B');
  await engine.dockerText('rm', 'idle');
});

test('an unknown container, and a name that cannot be one', async () => {
  expect((await engine.docker(['commit', 'nope'])).stderr).toContain('No such container: nope');
  await engine.dockerText('create', '--name', 'named', 'busybox');
  expect((await engine.docker(['commit', 'named', 'UPPER'])).stderr).toContain('invalid reference format');
  await engine.dockerText('rm', 'named');
});

test('the image may be gone while a container of it stays', async () => {
  const file = join(engine.directory, 'gone.tar');
  writeFileSync(
    file,
    imageArchive({ tag: 'gone:1', layers: [{ command: 'x', entries: [{ name: 'f', data: '1' }] }] }),
  );
  await engine.dockerText('load', '-i', file);
  await engine.dockerText('create', '--name', 'left', 'gone:1', '/f');
  await engine.dockerText('rmi', '-f', 'gone:1');
  await engine.dockerText('commit', 'left', 'kept:1');
  await engine.dockerText('rm', 'left');
  expect(await names('kept:1', 1, '/')).toEqual(['f file']);
});
