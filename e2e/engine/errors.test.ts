import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine({ bindSource: 'desktop' });
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

const error = async (method: string, path: string, body?: unknown) => {
  const answer = await engine.api(method, path, { body });
  const { message, berth } = answer.json() as { message: string; berth?: { code: string } };
  return { status: answer.status, message, code: berth?.code };
};

describe('errors have Docker’s status, its text and a code', () => {
  test('unknown container', async () => {
    expect(await error('GET', '/containers/nope/json')).toEqual({
      status: 404,
      message: 'No such container: nope',
      code: 'container-not-found',
    });
  });

  test('unknown image', async () => {
    expect(await error('POST', '/containers/create', { Image: 'nope' })).toEqual({
      status: 404,
      message: 'No such image: nope:latest',
      code: 'image-not-found',
    });
  });

  test('name taken', async () => {
    const id = await engine.dockerText('create', '--name', 'taken', 'busybox');
    expect(await error('POST', '/containers/create?name=taken', { Image: 'busybox' })).toEqual({
      status: 409,
      message: `Conflict. The container name "/taken" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
      code: 'container-name-taken',
    });
    await engine.dockerText('rm', 'taken');
  });

  test('bad JSON, and a wrong type in it', async () => {
    expect(await error('POST', '/containers/create', '{"Image": ')).toMatchObject({
      status: 400,
      code: 'bad-json',
      message: expect.stringMatching(/^invalid JSON: /),
    });
    expect(await error('POST', '/containers/create', { Image: 1 })).toMatchObject({
      status: 400,
      code: 'bad-parameter',
      message: expect.stringContaining('Image'),
    });
  });

  test('a body that is not said to be JSON', async () => {
    const answer = await engine.api('POST', '/containers/create', {
      body: '{}',
      headers: { 'Content-Type': 'text/plain' },
    });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("must be 'application/json'");
  });

  test('unknown page, version too new and too old', async () => {
    expect(await error('GET', '/nothing')).toMatchObject({ status: 404, message: 'page not found' });
    expect(await error('GET', '/v1.99/info')).toMatchObject({
      status: 400,
      message: 'client version 1.99 is too new. Maximum supported API version is 1.51',
    });
    expect(await error('GET', '/v1.12/info')).toMatchObject({ status: 400, code: 'version-too-old' });
  });

  test('already started and already stopped are 304', async () => {
    await engine.dockerText('run', '-d', '--name', 'on', 'busybox', 'sleep', '1000');
    expect((await engine.api('POST', '/containers/on/start')).status).toBe(304);
    const removal = await error('DELETE', '/containers/on');
    expect(removal).toMatchObject({ status: 409, code: 'container-running' });
    await engine.dockerText('kill', 'on');
    expect((await engine.api('POST', '/containers/on/stop')).status).toBe(304);
    const id = await engine.dockerText('inspect', '-f', '{{.Id}}', 'on');
    expect(await error('POST', '/containers/on/kill')).toEqual({
      status: 409,
      message: `cannot kill container: on: container ${id} is not running`,
      code: 'container-not-running',
    });
    await engine.dockerText('rm', 'on');
  });

  test('port in use, with nothing left of the container’s start', async () => {
    await using server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const done = await engine.docker(['run', '--rm', '-p', `127.0.0.1:${port}:80`, 'busybox', 'true']);
    expect(done.code).toBe(125);
    expect(done.stderr).toContain(`127.0.0.1:${port}`);
    expect(done.stderr).toMatch(/address already in use|port is already allocated/);
    expect(await engine.dockerText('ps', '-aq')).toBe('');
  });

  test('a folder of the desktop is refused in words', async () => {
    const done = await engine.docker(['run', '--rm', '-v', '/home/me/project:/src', 'busybox', 'true']);
    expect(done.code).toBe(125);
    expect(done.stderr).toContain('/home/me/project');
    const body = { Image: 'busybox', HostConfig: { Binds: ['/home/me:/src'] } };
    expect(await error('POST', '/containers/create', body)).toMatchObject({
      status: 400,
      code: 'desktop-path',
    });
  });

  test('the engine’s own socket can always be mounted', async () => {
    const socket = '/var/run/docker.sock';
    const done = await engine.docker([
      'run',
      '--rm',
      '-v',
      `${socket}:${socket}`,
      'busybox',
      'test',
      '-S',
      socket,
    ]);
    expect(done.code).toBe(0);
  });

  test('volume in use, and unknown', async () => {
    await engine.dockerText('create', '--name', 'user', '-v', 'used:/v', 'busybox');
    const id = await engine.dockerText('inspect', '-f', '{{.Id}}', 'user');
    expect(await error('DELETE', '/volumes/used')).toEqual({
      status: 409,
      message: `remove used: volume is in use - [${id}]`,
      code: 'volume-in-use',
    });
    await engine.dockerText('rm', 'user');
    await engine.dockerText('volume', 'rm', 'used');
    expect(await error('GET', '/volumes/used')).toMatchObject({ status: 404, code: 'volume-not-found' });
  });

  test('swarm is not here', async () => {
    expect(await error('GET', '/services')).toMatchObject({ status: 503, code: 'swarm-inactive' });
    expect((await engine.api('GET', '/plugins')).text).toBe('[]\n');
  });
});

test('every answer has Docker’s headers', async () => {
  for (const [method, path] of [
    ['HEAD', '/_ping'],
    ['GET', '/v1.40/version'],
    ['GET', '/nothing'],
  ] as const) {
    const { headers } = await engine.api(method, path);
    expect(headers).toMatchObject({ 'api-version': '1.51', 'docker-experimental': 'false', ostype: 'linux' });
    expect(headers.server).toMatch(/^Berth\//);
  }
});

describe('the engine refuses to start', () => {
  const start = (options: { instance?: string; run?: string; config?: string }) => {
    const config = join(engine.directory, 'refused.json');
    writeFileSync(config, options.config ?? '{}');
    return spawnSync(
      process.execPath,
      [
        ...[join(import.meta.dirname, '../../engine/main.ts'), '--instance', options.instance ?? 'refused'],
        ...[
          '--root',
          join(engine.directory, 'other'),
          '--run',
          options.run ?? join(engine.directory, 'other-run'),
        ],
        ...['--config', config],
      ],
      { encoding: 'utf8' },
    );
  };

  test('a second one of an instance', () => {
    const { status, stderr } = start({ instance: engine.instance, run: engine.run });
    expect(status).toBe(1);
    expect(stderr).toContain(`another engine already serves the instance "${engine.instance}"`);
  });

  test('with an unknown key in daemon.json, by its name', () => {
    const { status, stderr } = start({ config: '{"data-rot": "/x"}' });
    expect(status).toBe(1);
    expect(stderr).toContain('unknown key "data-rot"');
  });

  test('on a kernel that is too old, with a sentence', () => {
    const main = join(import.meta.dirname, '../../engine/main.ts');
    // The kernel tells this process that it is a 2.6 one.
    const old = spawnSync('setarch', ['--uname-2.6', process.execPath, main, '--instance', 'old'], {
      encoding: 'utf8',
    });
    expect(old.status).toBe(1);
    expect(old.stderr).toMatch(/this machine runs Linux 2\.6\.\S+; Berth needs 5\.14 or newer\./);
  });

  test('on a data root of a newer format', () => {
    mkdirSync(join(engine.directory, 'other'), { recursive: true });
    writeFileSync(join(engine.directory, 'other/format'), '2\n');
    const { status, stderr } = start({});
    expect(status).toBe(1);
    expect(stderr).toContain('has format 2; this engine knows format 1');
  });
});
