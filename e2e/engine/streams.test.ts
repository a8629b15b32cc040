import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
});

describe('log drivers', () => {
  test('json-file really writes lines of JSON, where inspect says', async () => {
    const options = ['--log-driver', 'json-file', '--log-opt', 'tag={{.Name}}', '--log-opt', 'labels=color'];
    const script = 'echo one; echo two >&2';
    const words = ['--name', 'lines', '--label', 'color=blue', ...options, 'busybox', 'sh', '-c', script];
    expect(await engine.docker(['run', ...words])).toEqual({ code: 0, stdout: 'one\n', stderr: 'two\n' });
    const path = await engine.dockerText('inspect', '-f', '{{.LogPath}}', 'lines');
    expect(path.trim()).toMatch(/-json\.log$/);
    const entries = readFileSync(path.trim(), 'utf8').trim().split('\n');
    const attrs = { tag: 'lines', color: 'blue' };
    expect(entries.map((line) => JSON.parse(line)).sort((a, b) => (a.log < b.log ? -1 : 1))).toMatchObject([
      { log: 'one\n', stream: 'stdout', attrs },
      { log: 'two\n', stream: 'stderr', attrs },
    ]);
    expect(await engine.docker(['logs', 'lines'])).toEqual({ code: 0, stdout: 'one\n', stderr: 'two\n' });
    await engine.dockerText('rm', 'lines');
  });

  test('none keeps nothing, and an attached client reads all the same', async () => {
    const words = [
      '--name',
      'unlogged',
      '--log-driver',
      'none',
      'busybox',
      'sh',
      '-c',
      'echo seen; seq 1 100000',
    ];
    const done = await engine.docker(['run', ...words]);
    expect(done.code).toBe(0);
    expect(done.stdout.startsWith('seen\n1\n')).toBe(true);
    expect(done.stdout.endsWith('\n99999\n100000\n')).toBe(true);
    const logs = await engine.docker(['logs', 'unlogged']);
    expect(logs.code).toBe(1);
    expect(logs.stderr).toContain('configured logging driver does not support reading');
    await engine.dockerText('rm', 'unlogged');
  });

  test('options are checked in Docker’s words', async () => {
    const refused = await engine.docker(['create', '--log-opt', 'max-sise=1m', 'busybox']);
    expect(refused.stderr).toContain("unknown log opt 'max-sise' for local log driver");
    const unknown = await engine.docker(['create', '--log-driver', 'syslog', 'busybox']);
    expect(unknown.stderr).toContain("logger: no log driver named 'syslog' is registered");
  });

  test('a flood stays within its bounds, and holds up nobody', async () => {
    const bounds = ['--log-opt', 'max-size=1m', '--log-opt', 'max-file=2'];
    await engine.dockerText('run', '-d', '--name', 'flood', ...bounds, 'busybox', 'yes', 'x'.repeat(100));
    const id = (await engine.dockerText('inspect', '-f', '{{.Id}}', 'flood')).trim();
    const directory = join(engine.root, 'containers', id, 'log');
    const newest = () => Math.max(...readdirSync(directory).map((name) => Number.parseInt(name, 10)));
    while (newest() < 20) expect((await engine.docker(['ps', '-q'])).code).toBe(0);
    expect(readdirSync(directory).length).toBeLessThanOrEqual(3);
    expect(await engine.dockerText('logs', '--tail', '1', 'flood')).toMatch(/^x{1,100}$/);
    await engine.dockerText('rm', '-f', 'flood');
  });
});

describe('--init', () => {
  test('reaps orphans and gives the exit code of the command', async () => {
    const done = await engine.docker([
      'run',
      '--rm',
      '--init',
      'busybox',
      'sh',
      '-c',
      'cat /proc/1/comm; exit 7',
    ]);
    expect(done).toMatchObject({ code: 7, stdout: expect.stringMatching(/init/) });
  });

  test('passes a stop on, so that it needs no kill', async () => {
    await engine.dockerText('run', '-d', '--init', '--name', 'stoppable', 'busybox', 'sleep', '1000');
    await engine.dockerText('stop', '-t', '60', 'stoppable');
    expect(await engine.dockerText('inspect', '-f', '{{.State.ExitCode}}', 'stoppable')).toBe('143');
    await engine.dockerText('rm', 'stoppable');
  });
});

describe('attach', () => {
  /** One attach over the socket, left again once its stream is open. */
  function attachAndLeave(id: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(engine.socket);
      socket.once('error', reject);
      socket.once('close', () => resolve());
      socket.once('data', (bytes) => {
        if (!bytes.toString().startsWith('HTTP/1.1 101')) reject(new Error(bytes.toString()));
        socket.destroy();
      });
      const path = `/containers/${id}/attach?stream=1&stdout=1&stderr=1&stdin=1`;
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
    });
  }

  test('ten thousand times leaks no descriptor, in the engine or in the shim', async () => {
    await engine.dockerText('run', '-d', '-i', '--name', 'popular', 'busybox', 'cat');
    const id = (await engine.dockerText('inspect', '-f', '{{.Id}}', 'popular')).trim();
    const { pid } = JSON.parse(readFileSync(join(engine.run, 'c', id, 'shim.json'), 'utf8')) as {
      pid: number;
    };
    const open = (process: number) => readdirSync(`/proc/${process}/fd`).length;
    for (let i = 0; i < 100; i++) await attachAndLeave(id);
    const before = { engine: open(engine.pid), shim: open(pid) };
    for (let i = 0; i < 400; i++) await Promise.all(Array.from({ length: 25 }, () => attachAndLeave(id)));
    // What the last of them held goes with the end of its reader.
    while (open(engine.pid) > before.engine) await engine.docker(['ps', '-q']);
    expect(open(pid)).toBe(before.shim);
    await engine.dockerText('rm', '-f', 'popular');
  });

  test('many at once see the same', async () => {
    const script = 'read x; seq 1 20000';
    await engine.dockerText('run', '-d', '-i', '--name', 'stage', 'busybox', 'sh', '-c', script);
    const texts = Array.from({ length: 8 }, async () => {
      let text = '';
      for await (const chunk of engine.spawnDocker(['attach', '--no-stdin', 'stage']).stdout)
        text += String(chunk);
      return text;
    });
    const filters = ['--filter', 'event=attach', '--filter', 'container=stage'];
    const attached = () => engine.dockerText('events', '--since', '1', '--until', '0s', ...filters);
    while ((await attached()).trim().split('\n').length < 8);
    await engine.docker(['attach', 'stage'], { input: 'go\n' });
    const wanted = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
    for (const text of await Promise.all(texts)) expect(text).toBe(wanted);
    await engine.dockerText('rm', '-f', 'stage');
  });
});

describe('a hostile container', () => {
  test('a fork bomb meets its limit; its monitor and the engine do not', async () => {
    const bomb = 'bomb() { bomb | bomb & }; bomb; sleep 1000';
    await engine.dockerText('run', '-d', '--name', 'bomb', '--pids-limit', '50', 'busybox', 'sh', '-c', bomb);
    expect((await engine.docker(['run', '--rm', 'busybox', 'echo', 'alive'])).stdout).toBe('alive\n');
    await engine.dockerText('kill', 'bomb');
    expect(await engine.dockerText('wait', 'bomb')).toBe('137');
    await engine.dockerText('rm', 'bomb');
  });

  test('one that hears no signal is killed after its time', async () => {
    const deaf = 'trap "" TERM INT HUP; while :; do sleep 1; done';
    await engine.dockerText('run', '-d', '--name', 'deaf', 'busybox', 'sh', '-c', deaf);
    await engine.dockerText('stop', '-t', '1', 'deaf');
    expect(await engine.dockerText('inspect', '-f', '{{.State.ExitCode}}', 'deaf')).toBe('137');
    await engine.dockerText('rm', 'deaf');
  });
});
