import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { TestMachine } from './test-machine.ts';

const shared = inject('machine');
const machine = new TestMachine(shared);
const { docker } = machine;
const image = `${shared.registry}/busybox:latest`;

beforeAll(async () => {
  await machine.start();
  await docker.text('pull', '-q', image);
  await docker.text('tag', image, 'busybox');
});
afterEach(async () => {
  const left = (await docker.text('ps', '-aq')).split('\n').filter(Boolean);
  if (left.length > 0) await docker.text('rm', '-fv', ...left);
});

const run = (...words: string[]) => docker.run(['run', '--rm', ...words]);

describe('over the forwarded socket', () => {
  test('docker run gives output, errors and the exit code', async () => {
    const done = await run('busybox', 'sh', '-c', 'echo out; echo err >&2; exit 3');
    expect(done).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('a half-closed input of megabytes comes back whole', async () => {
    const input = randomBytes(4_000_000);
    const command = docker.spawn(['run', '--rm', '-i', 'busybox', 'cat']);
    command.stdin.end(input);
    const hash = createHash('sha256');
    for await (const chunk of command.stdout) hash.update(chunk as Buffer);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(input).digest('hex'));
  });

  test('what comes after the end of input is not lost', async () => {
    const input = randomBytes(3_000_000);
    const sum = createHash('sha256').update(input).digest('hex');
    const script = 'sha256sum; head -c 3000000 /dev/zero | sha256sum; echo last';
    const { stdout } = await docker.run(['run', '--rm', '-i', 'busybox', 'sh', '-c', script], { input });
    const zeros = createHash('sha256').update(Buffer.alloc(3_000_000)).digest('hex');
    expect(stdout).toBe(`${sum}  -\n${zeros}  -\nlast\n`);
  });

  test('logs, also followed', async () => {
    const id = await docker.text('run', '-d', 'busybox', 'sh', '-c', 'echo one; exec sleep 1000');
    await expect.poll(() => docker.text('logs', id)).toBe('one');
    const followed = docker.spawn(['logs', '-f', id]);
    const read = text(followed.stdout);
    await docker.text('exec', id, 'sh', '-c', 'echo two > /proc/1/fd/1');
    await docker.text('kill', id);
    expect(await read).toBe('one\ntwo\n');
  });

  test('attach speaks to a running process', async () => {
    const id = await docker.text('run', '-di', 'busybox', 'sh', '-c', 'read word; echo "heard $word"');
    const attached = docker.spawn(['attach', id]);
    attached.stdin.end('hello\n');
    expect(await text(attached.stdout)).toBe('heard hello\n');
  });

  test('exec, with input and in a terminal', async () => {
    const id = await docker.text('run', '-d', 'busybox', 'sleep', '1000');
    const done = await docker.run(['exec', '-i', id, 'sh', '-c', 'cat; exit 4'], { input: 'typed' });
    expect(done).toEqual({ code: 4, stdout: 'typed', stderr: '' });
    const terminal = await docker.inTerminal(['exec', '-it', id, 'sh'], {
      after: '# ',
      type: 'tty; echo $((6*7)); exit 5\n',
    });
    expect(terminal.code).toBe(5);
    expect(terminal.stdout).toContain('/dev/pts/');
    expect(terminal.stdout).toContain('42');
  });
});

describe('in the machine', () => {
  test('limits are those of cgroup v2', async () => {
    const files = 'cd /sys/fs/cgroup && cat memory.max cpu.max pids.max';
    const limits = ['--memory', '64m', '--cpus', '0.5', '--pids-limit', '50'];
    const { stdout } = await run(...limits, 'busybox', 'sh', '-c', files);
    expect(stdout).toBe('67108864\n50000 100000\n50\n');
  });

  test('a published port answers on the desktop’s loopback, and goes with its container', async () => {
    const page = 'mkdir /www && echo page > /www/index.html && exec httpd -f -p 80 -h /www';
    const id = await docker.text('run', '-d', '-p', '127.0.0.1::80', 'busybox', 'sh', '-c', page);
    const address = (await docker.text('port', id, '80')).trim();
    const port = Number(address.split(':').at(-1));
    await machine.until(({ forwards }) => forwards.some(({ desktopPort }) => desktopPort === port));
    await expect.poll(() => fetched(port), { timeout: 20_000 }).toBe('page\n');
    await docker.text('rm', '-f', id);
    await machine.until(({ forwards }) => forwards.every(({ desktopPort }) => desktopPort !== port));
    expect(await fetched(port)).toBe('');
  });

  test('a port published on all addresses is opened on the loopback', async () => {
    const page = 'echo page > /index.html && exec httpd -f -p 80 -h /';
    const id = await docker.text('run', '-d', '-p', '80', 'busybox', 'sh', '-c', page);
    const port = Number((await docker.text('port', id, '80')).split('\n')[0]?.split(':').at(-1));
    const { forwards } = await machine.until((state) =>
      state.forwards.some(({ desktopPort }) => desktopPort === port),
    );
    expect(forwards).toMatchObject([{ desktopAddress: '127.0.0.1', state: 'open', containerPort: 80 }]);
    await expect.poll(() => fetched(port), { timeout: 20_000 }).toBe('page\n');
  });

  test('a port that a program of the desktop holds is told with its owner', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    await docker.text('run', '-d', '-p', `${port}:80`, 'busybox', 'sleep', '1000');
    const { forwards } = await machine.until((state) =>
      state.forwards.some(({ desktopPort }) => desktopPort === port),
    );
    expect(forwards).toMatchObject([
      {
        state: 'failed',
        problem: { code: 'desktop-port-in-use', owner: expect.stringContaining(`${process.pid}`) },
      },
    ]);
    holder.close();
  });

  test('none and host networks', async () => {
    const none = await run('--network', 'none', 'busybox', 'ip', '-o', 'link');
    expect(none.stdout.trim().split('\n')).toHaveLength(1);
    const host = await run('--network', 'host', 'busybox', 'ip', '-o', 'addr');
    expect(host.stdout).toContain('10.0.2.15');
  });

  test('names are asked of the machine’s name server', async () => {
    const { stdout } = await run('busybox', 'cat', '/etc/resolv.conf');
    expect(stdout).toContain('nameserver 10.0.2.3');
  });

  test('a container that dials the desktop’s loopback is refused', async () => {
    let calls = 0;
    const desktop = createServer((_request, response) => {
      calls++;
      response.end('secret');
    }).listen(0, '127.0.0.1');
    await once(desktop, 'listening');
    const { port } = desktop.address() as { port: number };
    for (const address of ['10.0.2.2', '10.0.2.3']) {
      const dialled = await run('busybox', 'wget', '-T', '10', '-O', '-', `http://${address}:${port}/`);
      expect(dialled.code).not.toBe(0);
      expect(dialled.stdout).toBe('');
    }
    expect(calls).toBe(0);
    desktop.close();
  });

  test('a bind mount of a desktop path is refused in words', async () => {
    const done = await run('-v', `${machine.place.directory}:/x`, 'busybox', 'ls', '/x');
    expect(done.code).toBe(125);
    expect(done.stderr).toContain(`cannot mount ${machine.place.directory}: folders of the desktop are not`);
  });

  test('a named volume keeps its data', async () => {
    await docker.text('run', '--rm', '-v', 'kept:/x', 'busybox', 'sh', '-c', 'echo data > /x/file');
    expect(await docker.text('run', '--rm', '-v', 'kept:/x', 'busybox', 'cat', '/x/file')).toBe('data');
    await docker.text('volume', 'rm', 'kept');
  });

  test('the docker socket works in a container, as it does nowhere else', async () => {
    const socket = ['-v', '/var/run/docker.sock:/var/run/docker.sock'];
    const { code } = await run(...socket, 'busybox', 'test', '-S', '/var/run/docker.sock');
    expect(code).toBe(0);
  });
});

/** Body of the page on a port of the desktop's loopback; empty while nothing answers. */
async function fetched(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5000) });
    return await answer.text();
  } catch {
    return '';
  }
}
