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

const run = (...args: string[]) => engine.docker(['run', '--rm', ...args]);

describe('docker run gives the exit code', () => {
  test('0 and the output on the right streams', async () => {
    const done = await run('busybox', 'sh', '-c', 'echo out; echo err >&2');
    expect(done).toEqual({ code: 0, stdout: 'out\n', stderr: 'err\n' });
  });

  test("the process's own", async () => {
    expect(await run('busybox', 'sh', '-c', 'exit 42')).toMatchObject({ code: 42 });
  });

  test('127 for a command that is not there', async () => {
    const bare = await run('busybox', 'no-such-command');
    expect(bare.code).toBe(127);
    expect(bare.stderr).toContain('exec: "no-such-command": executable file not found in $PATH');
    expect(await run('busybox', '/no/such')).toMatchObject({ code: 127 });
  });

  test('126 for one that cannot be executed', async () => {
    const file = await run('busybox', '/etc/passwd');
    expect(file.code).toBe(126);
    expect(file.stderr).toContain('permission denied');
    expect(await run('busybox', '/etc')).toMatchObject({ code: 126 });
  });

  test('125 for what the engine refuses', async () => {
    const name = await run('--name', '.bad', 'busybox', 'true');
    expect(name.code).toBe(125);
    expect(name.stderr).toContain(
      'Invalid container name (.bad), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    );
    const option = await run('--gpus', 'all', 'busybox', 'true');
    expect(option.code).toBe(125);
    expect(option.stderr).toContain('(--gpus)');
  });

  test('137 for a killed one', async () => {
    const child = engine.spawnDocker([
      'run',
      '--rm',
      '--name',
      'killed',
      'busybox',
      'sh',
      '-c',
      'echo up; sleep 1000',
    ]);
    const code = new Promise((resolve) => child.once('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await engine.dockerText('kill', 'killed');
    expect(await code).toBe(137);
  });

  test('nothing is left of containers that failed to start', async () => {
    await run('--name', 'never', 'busybox', 'no-such-command');
    expect(await engine.dockerText('ps', '-aq')).toBe('');
  });
});

describe('streams of docker run', () => {
  test('the end of input reaches the process', async () => {
    const done = await engine.docker(['run', '--rm', '-i', 'busybox', 'cat'], { input: 'x\ny\n' });
    expect(done).toEqual({ code: 0, stdout: 'x\ny\n', stderr: '' });
  });

  test('a process that ends before its input is read ends the command', async () => {
    const done = await engine.docker(['run', '--rm', '-i', 'busybox', 'true'], {
      input: 'x'.repeat(300_000),
    });
    expect(done.code).toBe(0);
  });

  test('megabytes pass unharmed, both ways', async () => {
    const input = Buffer.alloc(5_000_000, 'berth ');
    const done = await engine.docker(['run', '--rm', '-i', 'busybox', 'cat'], { input });
    expect(done.code).toBe(0);
    expect(done.stdout === input.toString()).toBe(true);
  });

  test('a terminal is one', async () => {
    const done = await engine.dockerInTerminal(['run', '--rm', '-it', 'busybox', 'sh'], {
      after: '#',
      type: 'tty; exit 3\n',
    });
    expect(done.code).toBe(3);
    expect(done.stdout).toContain('/dev/pts/0');
  });

  test('the detach keys leave the container running', async () => {
    const script = 'while true; do echo tick; sleep 0.05; done';
    await engine.dockerText('run', '-d', '-it', '--name', 'detached', 'busybox', 'sh', '-c', script);
    const left = await engine.dockerInTerminal(['attach', 'detached'], {
      after: 'tick',
      type: '\u0010\u0011',
    });
    expect(left.stdout).toContain('read escape sequence');
    expect(await engine.dockerText('inspect', '-f', '{{.State.Running}}', 'detached')).toBe('true');
    await engine.dockerText('rm', '-f', 'detached');
  });
});

describe('the container has', () => {
  test('its environment, user, directory and host name', async () => {
    const script = 'echo $A; id -u; pwd; hostname; echo $HOME';
    const options = ['-e', 'A=b', '-u', 'nobody', '-w', '/tmp', '-h', 'box'];
    const done = await run(...options, 'busybox', 'sh', '-c', script);
    expect(done.stdout.split('\n').slice(0, 4)).toEqual(['b', '65534', '/tmp', 'box']);
  });

  test('limits that the kernel holds', async () => {
    const name = 'limited';
    await engine.dockerText('run', '-d', '--name', name, '--pids-limit', '20', 'busybox', 'sleep', '1000');
    const forks = await engine.docker(['exec', name, 'sh', '-c', 'for i in $(seq 40); do sleep 100 & done']);
    expect(forks.stderr).toContain('fork');
    await engine.dockerText('rm', '-f', name);
  });

  test('a volume that outlives it, and a read-only one', async () => {
    await run('-v', 'kept:/data', 'busybox', 'sh', '-c', 'echo still > /data/file');
    expect(await run('-v', 'kept:/data:ro', 'busybox', 'cat', '/data/file')).toMatchObject({
      stdout: 'still\n',
    });
    expect(await run('-v', 'kept:/data:ro', 'busybox', 'touch', '/data/x')).toMatchObject({ code: 1 });
    await engine.dockerText('volume', 'rm', 'kept');
  });

  test('no network with --network none, and that of the machine with host', async () => {
    const none = await run('--network', 'none', 'busybox', 'ip', '-o', 'link');
    expect(none.stdout.trim().split('\n')).toHaveLength(1);
    const host = await run('--network', 'host', 'busybox', 'ip', '-o', 'link');
    expect(host.stdout).toContain(`br-${engine.instance}`);
  });
});
