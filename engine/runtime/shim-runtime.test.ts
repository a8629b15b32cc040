import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRuntime } from './container.fixture.ts';
import { openRuntime } from './shim-runtime.ts';

let host: TestRuntime;
beforeAll(async () => {
  host = await TestRuntime.open('rt');
});
afterAll(() => host[Symbol.asyncDispose]());

/** Its letter in /proc/pid/stat; a blank when it is gone. */
function processState(pid: number): string {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ' ';
  } catch {
    return ' ';
  }
}

const shell = (line: string) => ({ Cmd: ['sh', '-c', line] });

test('a container prints on both streams and its exit code is told and recorded', async () => {
  const container = await host.create({ config: shell('echo out; echo err >&2; exit 7') });
  expect(container.shim.phase).toBe('created');
  await container.shim.start();
  expect(await container.output()).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  expect(await container.shim.exited).toMatchObject({ exitCode: 7, signal: 0, oomKilled: false });
  const record = JSON.parse(await readFile(container.files.exit, 'utf8'));
  expect(record).toMatchObject({ exitCode: 7, pid: container.shim.pid });
  await container.shim.release();
});

test('environment, working directory, host name and own files are the container’s', async () => {
  const container = await host.create({
    config: {
      ...shell('pwd; hostname; echo $A $HOME; cat /etc/resolv.conf'),
      Env: ['A=1'],
      WorkingDir: '/made/here',
    },
  });
  await container.shim.start();
  expect((await container.output()).stdout).toBe('/made/here\nbox\n1 /root\nnameserver 192.0.2.1\n');
});

test('a user is resolved inside the container, with its groups', async () => {
  const container = await host.create({
    config: { ...shell('id; echo $HOME'), User: 'app' },
    hostConfig: { GroupAdd: ['audio'] },
  });
  await container.shim.start();
  const { stdout } = await container.output();
  expect(stdout).toMatch(/^uid=1000\(app\) gid=1000\(app\) groups=/);
  for (const group of ['29(audio)', '2000(extra)']) expect(stdout).toContain(group);
  expect(stdout).toMatch(/\n\/home\/app\n$/);
});

test.each([
  [{ Cmd: ['nope'] }, 'command-not-found', 'exec: "nope": executable file not found in $PATH'],
  [{ Cmd: ['/no/such'] }, 'command-not-found', 'exec: "/no/such": stat /no/such: no such file or directory'],
  [{ Cmd: ['/etc/passwd'] }, 'command-not-executable', 'exec: "/etc/passwd": permission denied'],
  [{ Cmd: ['/etc'] }, 'command-not-executable', /permission denied|is a directory/],
  [
    { Cmd: ['sh'], User: 'ghost' },
    'user-not-found',
    'unable to find user ghost: no matching entries in passwd file',
  ],
  [{ Cmd: ['sh'], User: 'app:ghosts' }, 'user-not-found', 'unable to find group ghosts'],
])('%j is refused with %s and nothing stays', async (config, code, message) => {
  const container = await host.create({ config });
  const failure = await container.shim.start().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code });
  expect(String(failure)).toMatch(message);
  await container.shim.exited;
  expect(existsSync(container.files.shimSocket)).toBe(false);
});

test('a signal ends the container: 128 + signal', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  await container.shim.signal(9);
  expect(await container.shim.exited).toMatchObject({ exitCode: 137, signal: 9 });
});

test('many megabytes of input come through, and end of file', async () => {
  const container = await host.create({ config: { Cmd: ['md5sum'], OpenStdin: true, StdinOnce: true } });
  await container.shim.start();
  const bytes = Buffer.alloc(20_000_000, 'some words. ');
  await container.shim.stdin!.write(bytes);
  await container.shim.stdin!.end();
  const { stdout } = await container.output();
  expect(stdout).toBe(`${createHash('md5').update(bytes).digest('hex')}  -\n`);
});

test('a terminal: one stream, its size, and typed words', async () => {
  const container = await host.create({
    config: { ...shell('read line; stty size; echo "got $line"'), Tty: true, OpenStdin: true },
  });
  await container.shim.start();
  await container.shim.resize({ rows: 33, columns: 111 });
  await container.shim.stdin!.write(Buffer.from('hello\n'));
  const { stdout } = await container.output();
  expect(stdout).toBe('hello\r\n33 111\r\ngot hello\r\n');
});

test('exec: output, exit code, user, directory, errors', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  const run = await container.run(['sh', '-c', 'pwd; id -u; echo $B >&2; exit 3'], {
    User: 'app',
    WorkingDir: '/tmp',
    Env: ['B=2'],
  });
  expect(run).toEqual({ stdout: '/tmp\n1000\n', stderr: '2\n', exitCode: 3 });
  await expect(container.run(['nope'])).rejects.toMatchObject({ code: 'command-not-found' });
  await expect(container.run(['true'], { User: 'ghost' })).rejects.toMatchObject({ code: 'user-not-found' });
});

test('exec: a slow reader holds the process back and loses nothing; input goes both ways', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  const session = await container.shim.exec({
    execId: 'both',
    process: container.process(['cat']),
    stdin: true,
    terminal: false,
  });
  const bytes = Buffer.alloc(10_000_000, 'abcdefghij');
  const writing = session.stdin!.write(bytes).then(() => session.stdin!.end());
  const parts: Uint8Array[] = [];
  for await (const chunk of session.output) parts.push(chunk.bytes);
  await writing;
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  expect(await session.exited).toEqual({ exitCode: 0 });
});

test('exec: a reader that leaves, or none at all, leaves the process free to end', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  const process = container.process(['sh', '-c', 'dd if=/dev/zero bs=65536 count=100 2>/dev/null; exit 5']);
  const left = await container.shim.exec({ execId: 'left', process, stdin: false, terminal: false });
  for await (const _chunk of left.output) break;
  expect(await left.exited).toEqual({ exitCode: 5 });
  const none = await container.shim.exec({
    execId: 'none',
    process,
    stdin: false,
    terminal: false,
    detached: true,
  });
  expect(await none.exited).toEqual({ exitCode: 5 });
});

test('exec: a process description larger than a packet', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  const long = 'x'.repeat(100_000);
  const run = await container.run(['sh', '-c', 'echo $LONG | wc -c'], { Env: [`LONG=${long}`] });
  expect(run.stdout.trim()).toBe('100001');
});

test('an engine that starts again finds its container, its log and its end', async () => {
  const container = await host.create({
    config: { ...shell('echo before; read line; echo "after $line"; exit 4'), OpenStdin: true },
  });
  await container.shim.start();
  const again = openRuntime({ instance: host.instance, files: host.files });
  const adopted = await again.adopt({ id: container.id, stdin: true });
  expect(adopted).toMatchObject({ pid: container.shim.pid, phase: 'running' });
  await adopted!.stdin!.write(Buffer.from('restart\n'));
  expect(await adopted!.exited).toMatchObject({ exitCode: 4 });
  expect((await container.output(adopted)).stdout).toBe('before\nafter restart\n');
  const late = await again.adopt({ id: container.id });
  expect(late?.phase).toBe('exited');
  expect(await late!.exited).toMatchObject({ exitCode: 4 });
  await late!.release();
});

test('a container without a shim is nobody’s to adopt', async () => {
  expect(await host.runtime.adopt({ id: 'f'.repeat(64) })).toBeUndefined();
});

test('a killed shim is noticed: the container is ended and told as lost', async () => {
  const container = await host.create({ config: { Cmd: ['sleep', '1000'] } });
  await container.shim.start();
  const { pid } = JSON.parse(await readFile(container.files.shimState, 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  expect(await container.shim.exited).toMatchObject({ exitCode: 255 });
  expect(processState(container.shim.pid)).toMatch(/^[Z ]$/);
  await expect(container.shim.signal(9)).rejects.toThrow('gone');
});

test('a container that was never started is thrown away', async () => {
  const container = await host.create({ config: { Cmd: ['true'] } });
  await container.shim.delete();
  expect(existsSync(container.files.shimSocket)).toBe(false);
  expect(existsSync(`/proc/${container.shim.pid}`)).toBe(false);
});
