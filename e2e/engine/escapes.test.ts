import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';

/**
 * Published ways out of a container, against containers as docker run makes them. e2e/runtime/escapes.test.ts tries
 * the same library harder, and docs/proof/escapes.md shows that its guards are what stands in the way.
 */

let engine: TestEngine;
let secret: string;
beforeAll(async () => {
  engine = await startEngine();
  await engine.importBusybox();
  secret = join(engine.directory, 'secret');
  writeFileSync(secret, 'of the host');
});
afterAll(() => engine?.[Symbol.asyncDispose]());

const sh = (line: string, ...options: string[]) =>
  engine.docker(['run', '--rm', ...options, 'busybox', 'sh', '-c', line]);

/** Descriptors that monitor and engine may have open around a start. */
const numbers = Array.from({ length: 24 }, (_, index) => index + 3);

describe('no way out by', () => {
  test('a working directory behind an open descriptor (CVE-2024-21626)', async () => {
    await engine.dockerText('run', '-d', '--name', 'stays', 'busybox', 'sleep', '1000');
    for (const number of numbers) {
      const directory = `/proc/self/fd/${number}`;
      const path = `../../../../../../..${secret}`;
      const run = await engine.docker(['run', '--rm', '-w', directory, 'busybox', 'cat', path]);
      expect(run.stdout).not.toContain('of the host');
      expect(run.code).not.toBe(0);
    }
    for (const number of numbers) {
      const exec = await engine.docker(['exec', '-w', `/proc/self/fd/${number}`, 'stays', 'ls', '..']);
      expect(exec.code).not.toBe(0);
    }
  });

  test('the runtime’s own file, which no container sees (CVE-2019-5736)', async () => {
    // Executing /proc/self/exe is executing what the monitor runs from: a sealed copy in memory, not a host's file.
    const done = await engine.docker(['run', '--rm', '--entrypoint', '/proc/self/exe', 'busybox', '--id']);
    expect(done.code).not.toBe(0);
    const shim = spawnSync('pgrep', ['-f', `berth-shim.*${engine.run}`], { encoding: 'utf8' }).stdout.split(
      '\n',
    )[0];
    expect(spawnSync('readlink', [`/proc/${shim}/exe`], { encoding: 'utf8' }).stdout).toMatch(
      /^\/memfd:berth/,
    );
  });

  test('a volume on a link that leads to the host (CVE-2021-30465, CVE-2023-27561)', async () => {
    const host = join(engine.directory, 'host');
    mkdirSync(host);
    const line = `mkdir /vol && ln -s ${host} /vol/link && ln -s / /vol/up`;
    await engine.dockerText('run', '--name', 'linked', 'busybox', 'sh', '-c', line);
    await engine.dockerText('commit', 'linked', 'linked:latest');
    const done = await engine.docker(['run', '--rm', '-v', 'data:/vol/link/made', 'linked', 'ls', host]);
    expect(done).toMatchObject({ code: 0, stdout: 'made\n' });
    expect(existsSync(join(host, 'made'))).toBe(false);
  });

  test('a mount over procfs (CVE-2019-19921, CVE-2025-52881)', async () => {
    for (const place of ['/proc/self/attr', '/proc/sys', '/proc/1']) {
      const done = await engine.docker(['run', '--rm', '--tmpfs', place, 'busybox', 'true']);
      expect(done.code).not.toBe(0);
    }
  });

  test('programs that the kernel starts: core_pattern, release_agent (CVE-2022-0492)', async () => {
    const line = [
      'echo x > /proc/sys/kernel/core_pattern',
      'for f in $(find /sys/fs/cgroup -name release_agent); do echo x > $f && echo written; done',
      'mkdir /tmp/c; unshare -UrmC sh -c "mount -t cgroup -o memory c /tmp/c && echo mounted"',
      'mount -t cgroup -o memory c /tmp/c && echo mounted',
      'true',
    ].join('\n');
    const done = await sh(line);
    expect(done.stdout).not.toMatch(/written|mounted/);
    expect(done.stderr).toContain('core_pattern: Read-only file system');
  });

  test('cgroups of its own making (CVE-2023-25809)', async () => {
    const line =
      'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/x 2>/dev/null && echo made; done; true';
    expect((await sh(line)).stdout).toBe('');
    expect((await sh(line, '--cgroupns', 'host')).stdout).toBe('');
  });

  test('capabilities that files can inherit (CVE-2022-24769, CVE-2022-29162)', async () => {
    expect((await sh('grep CapInh /proc/self/status')).stdout).toMatch(/^CapInh:\t0+\n$/);
    const exec = ['exec', '--privileged', 'stays', 'grep', 'CapInh', '/proc/self/status'];
    expect(await engine.dockerText(...exec)).toMatch(/^CapInh:\t0+$/);
  });

  test('what is masked', async () => {
    const line = 'cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c; ls /sys/firmware | wc -l';
    expect((await sh(line)).stdout).toBe('0\n0\n');
  });
});
