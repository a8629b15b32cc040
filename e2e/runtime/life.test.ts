import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestBundle } from './bundle.ts';

let bundle: TestBundle;
beforeAll(() => {
  bundle = new TestBundle();
});
afterAll(() => bundle?.[Symbol.asyncDispose]());

describe('berth-runtime run', () => {
  test('gives output and exit code, and leaves nothing', async () => {
    expect(await bundle.sh('echo out; echo err >&2; exit 42')).toEqual({
      code: 42,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await bundle.text('list', '-q')).toBe('');
  });

  test('128 and the signal for a killed process', async () => {
    const id = bundle.newId();
    bundle.shell('echo up; sleep 1000');
    const child = bundle.start(['run', id]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    await bundle.text('kill', id, 'SIGKILL');
    expect(await ended).toBe(137);
  });

  test("says that a command is not there in runc's words", async () => {
    bundle.edit((spec) => {
      spec.process.args = ['no-such-command'];
    });
    const done = await bundle.run(['run', bundle.newId()]);
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(
      /level=error msg="\S+ run failed: unable to start container process: exec: \\"no-such-command\\": executable file not found in \$PATH"/,
    );
  });

  test('refuses an id that is taken, and one that is none', async () => {
    const id = await bundle.running();
    const taken = await bundle.run(['run', id]);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('container with id exists') });
    const bad = await bundle.run(['run', '../x']);
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining('invalid container ID format') });
  });

  test('keeps the stopped container with --keep', async () => {
    const id = bundle.newId();
    bundle.shell('true');
    await bundle.text('run', '--keep', id);
    expect(await bundle.state(id)).toMatchObject({ status: 'stopped', pid: 0 });
    await bundle.text('delete', id);
    expect((await bundle.run(['state', id])).code).toBe(1);
  });

  test('passes signals on', async () => {
    bundle.shell('trap "exit 9" USR1; echo up; while true; do sleep 0.1; done');
    const child = bundle.start(['run', bundle.newId()]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGUSR1');
    expect(await ended).toBe(9);
  });

  test('hands descriptors over with --preserve-fds, and no others', async () => {
    writeFileSync(join(bundle.bundle, 'note'), 'handed over');
    const fd = openSync(join(bundle.bundle, 'note'), 'r');
    bundle.shell('cat <&3; ls /proc/self/fd');
    const done = await bundle.run(['run', '--preserve-fds', '1', bundle.newId()], { fds: [fd, fd] });
    closeSync(fd);
    expect(done.stdout).toBe('handed over0\n1\n2\n3\n4\n');
    const missing = await bundle.run(['run', '--preserve-fds', '9', bundle.newId()]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('preserved-fd') });
  });

  test('tells with --timings how long each step took', async () => {
    bundle.shell('true');
    const done = await bundle.run(['run', '--timings', bundle.newId()]);
    const steps = [...done.stderr.matchAll(/^(\w+) +\d+\.\d+ ms$/gm)].map(([, step]) => step);
    expect(steps).toEqual(['bundle', 'prepare', 'configure', 'start', 'command', 'destroy']);
  });

  test('works without pivot_root', async () => {
    bundle.shell('pwd; ls /; cat /proc/mounts | wc -l');
    const done = await bundle.run(['run', '--no-pivot', bundle.newId()]);
    expect(done.code).toBe(0);
    expect(done.stdout).toContain('/\nbin\ndev\n');
  });
});

describe('create, start, kill and delete', () => {
  test('go through the states of the runtime-spec', async () => {
    const id = bundle.newId();
    const file = join(bundle.directory, 'pid');
    bundle.shell('echo started > /dev/null; sleep 1000');
    await bundle.text('create', '--pid-file', file, id);
    const created = await bundle.state(id);
    expect(created).toMatchObject({ id, status: 'created', bundle: bundle.bundle, rootfs: bundle.rootfs });
    expect(readFileSync(file, 'utf8')).toBe(String(created.pid));
    await bundle.text('start', id);
    expect(await bundle.state(id)).toMatchObject({ status: 'running', pid: created.pid });
    expect(await bundle.run(['start', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot start an already running container'),
    });
    expect(await bundle.run(['delete', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`cannot delete container ${id} that is not stopped: running`),
    });
    await bundle.text('kill', id, 'KILL');
    await bundle.stopped(id);
    expect(await bundle.run(['kill', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('container not running'),
    });
    await bundle.text('delete', id);
    expect(existsSync(join(bundle.root, id))).toBe(false);
  });

  test('tell at start, not before, that the command is missing', async () => {
    const id = bundle.newId();
    bundle.edit((spec) => {
      spec.process.args = ['/no/such'];
    });
    await bundle.text('create', id);
    const started = await bundle.run(['start', id]);
    expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining('No such file or directory') });
    await bundle.text('delete', '-f', id);
  });

  test('delete -f takes a running and a paused container, and one that is not there', async () => {
    const id = await bundle.running();
    await bundle.text('pause', id);
    expect(await bundle.state(id)).toMatchObject({ status: 'paused' });
    await bundle.text('delete', '-f', id);
    await bundle.text('delete', '-f', id);
    expect((await bundle.run(['delete', id])).stderr).toContain('container does not exist');
  });

  test('an id whose maker was ended half way can be used again', async () => {
    const id = bundle.newId();
    await bundle.sh('true');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(bundle.root, id));
    expect((await bundle.run(['state', id])).stderr).toContain('container does not exist');
    bundle.shell('echo again');
    expect(await bundle.text('run', id)).toBe('again');
  });
});

describe('exec', () => {
  test('joins the container and gives its exit code; 255 where nothing ran', async () => {
    const id = await bundle.running();
    expect(await bundle.text('exec', id, 'cat', '/proc/1/cmdline')).toBe('sleep\u00001000\u0000');
    expect(await bundle.run(['exec', id, 'sh', '-c', 'exit 7'])).toMatchObject({ code: 7 });
    expect(await bundle.run(['exec', id, 'no-such'])).toMatchObject({ code: 255 });
    expect(await bundle.run(['exec', 'no-such', 'true'])).toMatchObject({ code: 255 });
    await bundle.text('pause', id);
    expect(await bundle.run(['exec', id, 'true'])).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('cannot exec in a paused container'),
    });
    await bundle.text('resume', id);
  });

  test('takes user, groups, environment, directory and a capability', async () => {
    const id = await bundle.running();
    const line = 'id -u; id -g; id -G; echo $X; pwd; grep CapBnd /proc/self/status';
    const options = ['-u', '1000:50', '-g', '100', '-e', 'X=y', '--cwd', '/tmp', '--cap', 'CAP_SYS_NICE'];
    const lines = (await bundle.text('exec', ...options, id, 'sh', '-c', line)).split('\n');
    expect(lines.slice(0, 5)).toEqual(['1000', '50', '50 100', 'y', '/tmp']);
    expect(BigInt(`0x${lines[5]?.split('\t')[1]}`) & (1n << 23n)).not.toBe(0n);
    expect(await bundle.text('exec', '-u', 'user', id, 'id', '-nG')).toBe('user staff');
  });

  test('takes a process object from a file', async () => {
    const id = await bundle.running();
    const file = join(bundle.bundle, 'process.json');
    writeFileSync(
      file,
      JSON.stringify({ args: ['sh', '-c', 'echo $A'], cwd: '/', env: ['A=b', 'PATH=/bin'] }),
    );
    expect(await bundle.text('exec', '--process', file, id)).toBe('b');
  });

  test('stays in its group with --cgroup, and cannot leave the container', async () => {
    const id = await bundle.running();
    const out = await bundle.run(['exec', '--cgroup', '../..', id, 'true']);
    expect(out).toMatchObject({ code: 255, stderr: expect.stringContaining('is not a sub cgroup path') });
    const none = await bundle.run(['exec', '--cgroup', 'none-such', id, 'true']);
    expect(none).toMatchObject({ code: 255, stderr: expect.stringContaining('no such file') });
    expect(await bundle.run(['exec', '--cgroup', '/', id, 'true'])).toMatchObject({ code: 0 });
  });

  test('-d leaves the process running and writes its pid', async () => {
    const id = await bundle.running();
    const file = join(bundle.directory, 'exec-pid');
    expect((await bundle.run(['exec', '-d', '--pid-file', file, id, 'sleep', '500'])).code).toBe(0);
    const pid = Number(readFileSync(file, 'utf8'));
    expect(JSON.parse(await bundle.text('ps', '-f', 'json', id))).toContain(pid);
  });
});

describe('what is seen of a running container', () => {
  test('list as table and JSON', async () => {
    const id = await bundle.running();
    const table = (await bundle.text('list')).split('\n');
    expect(table[0]).toMatch(/^ID +PID +STATUS +BUNDLE +CREATED +OWNER$/);
    expect(table.find((line) => line.startsWith(id))).toMatch(/ running +.* root$/);
    const list = JSON.parse(await bundle.text('list', '-f', 'json')) as { id: string }[];
    expect(list.find((entry) => entry.id === id)).toMatchObject({ status: 'running', ociVersion: '1.2.1' });
  });

  test('ps by the system’s own ps', async () => {
    const id = await bundle.running();
    expect(await bundle.text('ps', id)).toMatch(/^UID +PID.*\nroot .* sleep 1000$/);
    expect(await bundle.text('ps', id, '-o', 'pid,comm')).toMatch(/PID COMMAND\n *\d+ sleep$/);
  });

  test('events --stats, and events that end with the container', async () => {
    const id = await bundle.running();
    const stats = JSON.parse(await bundle.text('events', '--stats', id));
    expect(stats).toMatchObject({ type: 'stats', id, data: { pids: { current: 1 } } });
    const child = bundle.start(['events', '--interval', '50ms', id]);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await bundle.text('delete', '-f', id);
    expect(await ended).toBe(0);
  });

  test('update changes limits, and keeps those of before', async () => {
    const id = await bundle.running();
    await bundle.text('update', '--memory', '64M', '--pids-limit', '10', id);
    const done = await bundle.run(['update', '-r', '-', id], { input: '{"pids":{"limit":20}}' });
    expect(done).toMatchObject({ code: 0 });
    const { data } = JSON.parse(await bundle.text('events', '--stats', id));
    expect(data.memory.usage.limit).toBe(64 << 20);
    expect(data.pids.limit).toBe(20);
    expect(await bundle.run(['update', '--memory', 'lots', id])).toMatchObject({ code: 1 });
  });
});

describe('the command line', () => {
  test('has a version and help in runc’s form', async () => {
    expect(await bundle.text('--version')).toMatch(/^\S+ version \d+\.\d+\.\d+\ncommit: .*\nspec: 1\.2\.\d$/);
    expect(await bundle.text('--help')).toMatch(/^NAME:\n {3}\S+ - Open Container Initiative runtime/);
    expect(await bundle.text('exec', '-h')).toContain('--preserve-fds');
  });

  test('refuses what it does not have, in words', async () => {
    for (const args of [
      ['--systemd-cgroup', 'list'],
      ['spec', '--rootless'],
      ['checkpoint', 'x'],
    ]) {
      expect(await bundle.run(args)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('not supported'),
      });
    }
    expect(await bundle.run(['run'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('requires exactly 1 argument'),
    });
    expect(await bundle.run(['run', '--wrong', 'x'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('flag provided but not defined: -wrong'),
    });
  });

  test('logs to a file, as JSON where wanted', async () => {
    const log = join(bundle.directory, 'log.json');
    const done = await bundle.run(['--log', log, '--log-format', 'json', 'state', 'nobody']);
    expect(done).toMatchObject({ code: 1, stderr: 'container does not exist\n' });
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({
      level: 'error',
      msg: 'container does not exist',
    });
  });
});
