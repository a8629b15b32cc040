import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addon } from './load.ts';

const directory = mkdtempSync(join(tmpdir(), 'berth-addon-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs a shell line to its end with its output in a file. */
async function shell(line: string, extraFds: number[] = []) {
  const file = join(directory, 'output');
  const output = openSync(file, 'w');
  const nothing = openSync('/dev/null', 'r+');
  const { pid, pidfd } = await addon.spawn({
    path: '/bin/sh',
    args: ['sh', '-c', line],
    env: ['ONLY=this'],
    fds: [nothing, output, output, ...extraFds],
  });
  const status = await addon.waitPidfd(pidfd);
  addon.closeFd(pidfd);
  closeSync(output);
  closeSync(nothing);
  return { pid, status, output: readFileSync(file, 'utf8') };
}

test('a child has exactly the descriptors and the environment it was given', async () => {
  const fd = openSync('/dev/zero', 'r');
  const { output, status } = await shell(
    'i=0; while [ $i -lt 64 ]; do [ -e /proc/$$/fd/$i ] && echo $i; i=$((i + 1)); done; echo $ONLY; readlink /proc/$$/fd/3',
    [fd],
  );
  closeSync(fd);
  expect(status).toEqual({ code: 0, signal: 0 });
  expect(output).toBe('0\n1\n2\n3\nthis\n/dev/zero\n');
});

test('a child begins with no signal blocked or ignored', async () => {
  const { output } = await shell(
    'while read -r line; do case $line in Sig[BI]*) echo $line;; esac; done </proc/$$/status',
  );
  // glibc's posix_spawn itself ignores its two internal signals, 32 and 33.
  expect(output).toMatch(/^SigBlk: 0{16}\nSigIgn: 0{7}[01][08]0{7}\n$/);
});

test('exit code and signal are told, and the child is reaped', async () => {
  expect((await shell('exit 7')).status).toEqual({ code: 7, signal: 0 });
  const killed = await shell('kill -9 $$');
  expect(killed.status).toEqual({ code: 0, signal: 9 });
  expect(() => addon.pidfdOpen(killed.pid)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
});

test('many children at once', async () => {
  const children = await Promise.all(
    Array.from({ length: 50 }, (_, code) =>
      addon.spawn({ path: '/bin/sh', args: ['sh', '-c', `exit ${code}`], env: [], fds: [] }),
    ),
  );
  const codes = await Promise.all(children.map(async ({ pidfd }) => (await addon.waitPidfd(pidfd)).code));
  for (const { pidfd } of children) addon.closeFd(pidfd);
  expect(codes).toEqual(Array.from({ length: 50 }, (_, code) => code));
});

test('a process that is not ours can be waited for and signalled', async () => {
  const { pid, pidfd } = await addon.spawn({
    path: '/bin/sh',
    args: ['sh', '-c', 'sleep 1000 >/dev/null & echo $! >"$0"; wait', join(directory, 'pid')],
    env: [`PATH=${process.env.PATH}`],
    fds: [],
  });
  const readPid = () => {
    try {
      return Number(readFileSync(join(directory, 'pid'), 'utf8'));
    } catch {
      return 0;
    }
  };
  await expect.poll(readPid).toBeGreaterThan(0);
  const grandchild = addon.pidfdOpen(readPid());
  const ended = addon.waitPidfd(grandchild);
  addon.pidfdSendSignal(grandchild, 15);
  expect(await ended).toEqual({ code: -1, signal: 0 });
  expect((await addon.waitPidfd(pidfd)).signal).toBe(0);
  addon.closeFd(grandchild);
  addon.closeFd(pidfd);
  expect(() => process.kill(pid, 0)).toThrow();
});

test('errors carry errno and call', async () => {
  const spawning = addon.spawn({ path: '/no/such/program', args: ['x'], env: [], fds: [] });
  await expect(spawning).rejects.toMatchObject({ code: 'ENOENT', syscall: 'spawn' });
  expect(() => addon.closeFd(9999)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  expect(() => addon.spawn({} as never)).toThrow(TypeError);
  const connect = () =>
    addon.seqpacketConnect({ path: join(directory, 'none'), onMessage: () => {}, onClose: () => {} });
  expect(connect).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'connect' }));
});

test('a lock is held by one descriptor at a time', () => {
  const path = join(directory, 'lock');
  const first = openSync(path, 'w');
  const second = openSync(path, 'w');
  expect(addon.tryLock(first)).toBe(true);
  expect(addon.tryLock(second)).toBe(false);
  closeSync(first);
  expect(addon.tryLock(second)).toBe(true);
  closeSync(second);
});

test('a rename never replaces', () => {
  const [from, to] = [join(directory, 'from'), join(directory, 'to')];
  writeFileSync(from, 'a');
  expect(addon.renameNoReplace(from, to)).toBe(true);
  writeFileSync(from, 'b');
  expect(addon.renameNoReplace(from, to)).toBe(false);
  expect(readFileSync(to, 'utf8')).toBe('a');
  expect(() => addon.renameNoReplace(join(directory, 'none'), join(directory, 'x'))).toThrow('ENOENT');
});

test('a file system is synced by any path on it', async () => {
  await addon.syncFilesystem(directory);
  await expect(addon.syncFilesystem(join(directory, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a host port is reserved until its descriptor is closed', () => {
  const { fd, port } = addon.reservePort({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
  const again = () => addon.reservePort({ protocol: 'tcp', address: '0.0.0.0', port });
  expect(again).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  const udp = addon.reservePort({ protocol: 'udp', address: '127.0.0.1', port });
  addon.closeFd(udp.fd);
  addon.closeFd(fd);
  addon.closeFd(again().fd);
});
