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

const state = (name: string, field: string) =>
  engine.dockerText('inspect', '-f', `{{.State.${field}}}`, name);

describe('a life', () => {
  test('create, start, pause, unpause, stop, start, kill, rm', async () => {
    await engine.dockerText('create', '--name', 'life', '--stop-timeout', '1', 'busybox', 'sleep', '1000');
    expect(await state('life', 'Status')).toBe('created');
    await engine.dockerText('start', 'life');
    expect(await state('life', 'Status')).toBe('running');
    await engine.dockerText('pause', 'life');
    expect(await state('life', 'Status')).toBe('paused');
    await engine.dockerText('unpause', 'life');
    await engine.dockerText('stop', 'life');
    expect(await state('life', 'Status')).toBe('exited');
    await engine.dockerText('start', 'life');
    await engine.dockerText('kill', 'life');
    expect(await engine.dockerText('wait', 'life')).toBe('137');
    await engine.dockerText('rm', 'life');
    expect(await engine.dockerText('ps', '-aq')).toBe('');
  });

  test('a stop signal is heard before the time is up', async () => {
    const script = 'trap "exit 9" TERM; echo ready; while true; do sleep 0.1; done';
    await engine.dockerText('run', '-d', '--name', 'polite', 'busybox', 'sh', '-c', script);
    await firstLine('polite');
    await engine.dockerText('stop', '-t', '100', 'polite');
    expect(await state('polite', 'ExitCode')).toBe('9');
    await engine.dockerText('rm', 'polite');
  });

  test('a paused container can be stopped and removed', async () => {
    await engine.dockerText('run', '-d', '--name', 'frozen', 'busybox', 'sleep', '1000');
    await engine.dockerText('pause', 'frozen');
    await engine.dockerText('rm', '-f', 'frozen');
    expect(await engine.dockerText('ps', '-aq')).toBe('');
  });

  test('rename frees the old name and takes the new', async () => {
    await engine.dockerText('create', '--name', 'old', 'busybox');
    await engine.dockerText('rename', 'old', 'new');
    await engine.dockerText('create', '--name', 'old', 'busybox');
    const taken = await engine.docker(['rename', 'old', 'new']);
    expect(taken.stderr).toContain('The container name "/new" is already in use by container');
    await engine.dockerText('rm', 'old', 'new');
  });

  test('a policy restarts what fails, and stop ends that', async () => {
    await engine.dockerText('run', '-d', '--name', 'again', '--restart', 'always', 'busybox', 'false');
    const restarted = engine.spawnDocker([
      'events',
      '--filter',
      'event=start',
      '--since',
      '0',
      '--filter',
      'container=again',
    ]);
    let lines = 0;
    await new Promise<void>((resolve) =>
      restarted.stdout.on('data', (part: Buffer) => {
        lines += part.toString().split('\n').length - 1;
        if (lines >= 3) resolve();
      }),
    );
    restarted.kill();
    await engine.dockerText('stop', 'again');
    expect(await state('again', 'Running')).toBe('false');
    expect(Number(await engine.dockerText('inspect', '-f', '{{.RestartCount}}', 'again'))).toBeGreaterThan(1);
    await engine.dockerText('rm', 'again');
  });

  test('on-failure stops after its tries', async () => {
    const policy = ['--restart', 'on-failure:2'];
    await engine.dockerText('run', '-d', '--name', 'tries', ...policy, 'busybox', 'sh', '-c', 'exit 4');
    const die = engine.spawnDocker([
      'events',
      '--since',
      '0',
      '--filter',
      'event=die',
      '--filter',
      'container=tries',
    ]);
    let lines = 0;
    await new Promise<void>((resolve) =>
      die.stdout.on('data', (part: Buffer) => {
        lines += part.toString().split('\n').length - 1;
        if (lines >= 3) resolve();
      }),
    );
    die.kill();
    expect(await engine.dockerText('wait', 'tries')).toBe('4');
    expect(await state('tries', 'Status')).toBe('exited');
    await engine.dockerText('rm', 'tries');
  });

  test('update changes a running container', async () => {
    await engine.dockerText('run', '-d', '--name', 'grown', 'busybox', 'sleep', '1000');
    await engine.dockerText('update', '--pids-limit', '33', '--restart', 'on-failure', 'grown');
    const inspect = '{{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}';
    expect(await engine.dockerText('inspect', '-f', inspect, 'grown')).toBe('33 on-failure');
    await engine.dockerText('rm', '-f', 'grown');
  });
});

async function firstLine(name: string): Promise<void> {
  const logs = engine.spawnDocker(['logs', '-f', name]);
  await new Promise((resolve) => logs.stdout.once('data', resolve));
  logs.kill();
}

describe('exec', () => {
  beforeAll(() => engine.dockerText('run', '-d', '--name', 'host', 'busybox', 'sleep', '1000'));
  afterAll(() => engine.dockerText('rm', '-f', 'host'));
  const exec = (...args: string[]) => engine.docker(['exec', ...args]);

  test('gives output and exit code', async () => {
    expect(await exec('host', 'sh', '-c', 'echo o; echo e >&2; exit 7')).toEqual({
      code: 7,
      stdout: 'o\n',
      stderr: 'e\n',
    });
  });

  test('takes input to its end', async () => {
    const done = await engine.docker(['exec', '-i', 'host', 'cat'], { input: 'through\n' });
    expect(done).toEqual({ code: 0, stdout: 'through\n', stderr: '' });
  });

  test('has a terminal', async () => {
    const done = await engine.dockerInTerminal(['exec', '-it', 'host', 'sh'], {
      after: '#',
      type: 'tty; exit 6\n',
    });
    expect(done.code).toBe(6);
    expect(done.stdout).toContain('/dev/pts/');
  });

  test('says 127 and 126', async () => {
    const missing = await exec('host', 'no-such');
    expect(missing.code).toBe(127);
    expect(missing.stdout + missing.stderr).toContain('executable file not found in $PATH');
    expect((await exec('host', '/etc/passwd')).code).toBe(126);
  });

  test('runs as asked', async () => {
    const done = await exec(
      '-u',
      '65534',
      '-w',
      '/tmp',
      '-e',
      'A=1',
      'host',
      'sh',
      '-c',
      'id -u; pwd; echo $A',
    );
    expect(done.stdout).toBe('65534\n/tmp\n1\n');
  });

  test('three at once do not mix', async () => {
    const done = await Promise.all(['a', 'b', 'c'].map((word) => exec('host', 'echo', word)));
    expect(done.map(({ stdout }) => stdout)).toEqual(['a\n', 'b\n', 'c\n']);
  });

  test('answers on a connection without an Upgrade header', async () => {
    const made = await engine.api('POST', '/containers/host/exec', {
      body: { Cmd: ['echo', 'plain'], AttachStdout: true },
    });
    const { Id } = made.json() as { Id: string };
    const answer = await engine.api('POST', `/exec/${Id}/start`, { body: { Detach: false, Tty: false } });
    expect(answer.status).toBe(200);
    expect(answer.text.slice(8)).toBe('plain\n');
    const inspect = (await engine.api('GET', `/exec/${Id}/json`)).json();
    expect(inspect).toMatchObject({ Running: false, ExitCode: 0 });
  });
});

describe('logs', () => {
  beforeAll(async () => {
    const script = 'for i in 1 2 3; do echo line $i; sleep 0.05; done; echo wrong >&2; printf tail';
    await engine.docker(['run', '--name', 'talk', 'busybox', 'sh', '-c', script]);
  });
  afterAll(() => engine.dockerText('rm', 'talk'));
  const logs = (...args: string[]) => engine.docker(['logs', ...args, 'talk']);

  test('all, on their streams', async () => {
    expect(await logs()).toEqual({ code: 0, stdout: 'line 1\nline 2\nline 3\ntail', stderr: 'wrong\n' });
  });

  test('the last lines, counted over both streams', async () => {
    expect(await logs('--tail', '3')).toMatchObject({ stdout: 'line 3\ntail', stderr: 'wrong\n' });
    expect(await logs('--tail', '0')).toMatchObject({ stdout: '', stderr: '' });
  });

  test('with times before each line, and from a time on', async () => {
    const lines = (await logs('-t')).stdout.split('\n');
    const times = lines.map((line) => line.split(' ')[0] ?? '');
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect((await logs('--since', times[1] ?? '')).stdout).toBe('line 2\nline 3\ntail');
    expect((await logs('--until', times[1] ?? '')).stdout).toBe('line 1\nline 2\n');
  });

  test('following ends with the container', async () => {
    await engine.dockerText('run', '-d', '--name', 'short', 'busybox', 'sh', '-c', 'sleep 0.3; echo last');
    expect(await engine.docker(['logs', '-f', 'short'])).toMatchObject({ code: 0, stdout: 'last\n' });
    await engine.dockerText('rm', 'short');
  });
});

describe('what is shown', () => {
  beforeAll(() =>
    engine.dockerText(
      'run',
      '-d',
      '--name',
      'shown',
      '-l',
      'a=b',
      '-p',
      '127.0.0.1::80',
      'busybox',
      'sleep',
      '1000',
    ),
  );
  afterAll(() => engine.dockerText('rm', '-f', 'shown'));
  const ps = (...filters: string[]) =>
    engine.dockerText(
      'ps',
      '-a',
      '--format',
      '{{.Names}}',
      ...filters.flatMap((filter) => ['--filter', filter]),
    );

  test('ps by its filters', async () => {
    expect(await ps('label=a=b', 'status=running', 'name=sho', 'ancestor=busybox')).toBe('shown');
    expect(await ps('label=a=c')).toBe('');
    expect(await ps('status=exited', 'name=shown')).toBe('');
    const wrong = await engine.docker(['ps', '--filter', 'nonsense=1']);
    expect(wrong.stderr).toContain("invalid filter 'nonsense'");
  });

  test('top, stats, port, diff', async () => {
    expect(await engine.dockerText('top', 'shown')).toContain('sleep 1000');
    expect(await engine.dockerText('top', 'shown', '-o', 'pid,args')).toMatch(/PID\s+COMMAND/);
    const stats = await engine.dockerText('stats', '--no-stream', '--format', '{{.Name}} {{.CPUPerc}}');
    expect(stats).toMatch(/^shown \d+\.\d+%$/);
    expect(await engine.dockerText('port', 'shown')).toMatch(/^80\/tcp -> 127\.0\.0\.1:\d+$/);
    await engine.dockerText('exec', 'shown', 'touch', '/tmp/made');
    expect((await engine.dockerText('diff', 'shown')).split('\n').sort()).toEqual(['A /tmp/made', 'C /tmp']);
  });

  test('events of a run, by filter, from the past', async () => {
    const since = Math.floor(Date.now() / 1000).toString();
    await engine.docker(['run', '--rm', '--name', 'passing', 'busybox', 'true']);
    const until = (Date.now() / 1000).toFixed(3);
    const text = await engine.dockerText(
      ...['events', '--since', since, '--until', until, '--filter', 'container=passing'],
      ...['--filter', 'type=container', '--format', '{{.Action}}'],
    );
    expect(text.split('\n')).toEqual(['create', 'attach', 'start', 'die', 'destroy']);
  });

  test('info, version and system df', async () => {
    expect(await engine.dockerText('info', '--format', '{{.ContainersRunning}} {{.Driver}}')).toBe(
      '1 overlay2',
    );
    expect(await engine.dockerText('version', '--format', '{{.Server.APIVersion}}')).toBe('1.51');
    expect(await engine.dockerText('system', 'df')).toContain('Local Volumes');
  });
});
