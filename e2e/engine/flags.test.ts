import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
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

/** Runs a shell line in a container with options; gives what it prints. */
async function inside(options: string[], script: string): Promise<string> {
  const { code, stdout, stderr } = await engine.docker([
    'run',
    '--rm',
    ...options,
    'busybox',
    'sh',
    '-c',
    script,
  ]);
  return code === 0 ? stdout.trim() : `${code}: ${stderr || stdout}`;
}

/** What the engine says to options that it refuses. */
async function refused(...options: string[]): Promise<string> {
  const done = await engine.docker(['run', '--rm', ...options, 'busybox', 'true']);
  expect(done.code).toBe(125);
  return done.stderr.split('\n')[0]?.replace('docker: Error response from daemon: ', '') ?? '';
}

const root = '/sys/fs/cgroup';
const unified = existsSync(join(root, 'cgroup.controllers'));

describe('namespaces', () => {
  beforeAll(() =>
    engine.dockerText(
      'run',
      '-d',
      '--name',
      'donor',
      '--ipc',
      'shareable',
      '-h',
      'giver',
      'busybox',
      'sleep',
      '1000',
    ),
  );
  afterAll(() => engine.dockerText('rm', '-f', 'donor'));

  test('--pid of the machine, of another container, of its own', async () => {
    expect(Number(await inside(['--pid', 'host'], 'echo $$'))).toBeGreaterThan(1);
    expect(await inside(['--pid', 'container:donor'], 'cat /proc/1/cmdline | tr "\\0" " "')).toBe(
      'sleep 1000',
    );
    expect(await inside([], 'echo $$')).toBe('1');
    expect(await refused('--pid', 'container:nobody')).toContain('No such container: nobody');
  });

  test('--ipc: shared memory of the machine, of another container, none', async () => {
    await engine.dockerText('exec', 'donor', 'sh', '-c', 'echo passed > /dev/shm/on');
    expect(await inside(['--ipc', 'container:donor'], 'cat /dev/shm/on')).toBe('passed');
    expect(await inside(['--ipc', 'container:donor'], 'readlink /proc/self/ns/ipc')).toBe(
      await engine.dockerText('exec', 'donor', 'readlink', '/proc/self/ns/ipc'),
    );
    expect(await inside(['--ipc', 'host'], 'readlink /proc/self/ns/ipc')).toBe(
      spawnSync('readlink', ['/proc/self/ns/ipc'], { encoding: 'utf8' }).stdout.trim(),
    );
    expect(await inside(['--ipc', 'none'], 'test ! -e /dev/shm && echo gone')).toBe('gone');
    await engine.dockerText('run', '-d', '--name', 'private', 'busybox', 'sleep', '1000');
    expect(await refused('--ipc', 'container:private')).toContain('non-shareable IPC');
    await engine.dockerText('rm', '-f', 'private');
  });

  test('--network container: shares addresses, names and hosts, and leaves no room for its own', async () => {
    const show = 'ip -4 -o addr show eth0 | cut -d" " -f7; hostname; tail -1 /etc/hosts';
    expect(await inside(['--network', 'container:donor'], show)).toBe(
      await engine.dockerText('exec', 'donor', 'sh', '-c', show),
    );
    expect(await refused('--network', 'container:donor', '-p', '1:1')).toContain('port publishing');
    expect(await refused('--network', 'container:donor', '-h', 'x')).toContain(
      'conflicting options: hostname',
    );
  });

  test('a container that does not run gives nothing to join', async () => {
    await engine.dockerText('create', '--name', 'resting', '--ipc', 'shareable', 'busybox');
    for (const option of ['--pid', '--ipc', '--network']) {
      expect(await refused(option, 'container:resting')).toContain('namespace of a non running container');
    }
    await engine.dockerText('rm', 'resting');
  });

  test('--uts host, --hostname and --domainname', async () => {
    expect(await inside(['--uts', 'host'], 'hostname')).toBe(hostname());
    const named = ['--hostname', 'box', '--domainname', 'example.org'];
    expect(await inside(named, 'hostname; hostname -f; cat /etc/hostname')).toBe('box\nbox.example.org\nbox');
  });

  test('--cgroupns private hides the path, host shows it', async () => {
    expect(await inside(['--cgroupns', 'private'], 'tail -1 /proc/self/cgroup')).toBe('0::/');
    expect(await inside(['--cgroupns', 'host'], 'tail -1 /proc/self/cgroup')).toContain(
      `${engine.instance}/c/`,
    );
  });

  test('--cgroup-parent, absolute and below the instance', async () => {
    const parent = `/${engine.instance}/own`;
    const show = ['--cgroupns', 'host', '--cgroup-parent'];
    expect(await inside([...show, parent], 'tail -1 /proc/self/cgroup')).toMatch(
      new RegExp(`^0::${parent}/`),
    );
    expect(await inside([...show, 'below'], 'tail -1 /proc/self/cgroup')).toMatch(
      /\/c\/below\/[0-9a-f]{64}$/,
    );
  });

  test('--userns host is what there is, another is refused by name', async () => {
    expect(await inside(['--userns', 'host'], 'id -u')).toBe('0');
    const body = { Image: 'busybox', HostConfig: { UsernsMode: 'remapped' } };
    const answer = await engine.api('POST', '/containers/create', { body });
    expect(answer.text).toContain('HostConfig.UsernsMode');
  });
});

describe('privileges', () => {
  const effective = 'grep CapEff /proc/self/status | cut -f2';

  test('--cap-add and --cap-drop', async () => {
    expect(await inside(['--cap-drop', 'ALL'], effective)).toBe('0000000000000000');
    expect(await inside(['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN'], effective)).toBe('0000000000001000');
    expect(await inside(['--cap-add', 'SYS_TIME'], effective)).toBe('00000000aa0425fb');
    expect(await refused('--cap-add', 'FLY')).toContain('invalid capability: "CAP_FLY"');
  });

  test('--privileged: devices, all capabilities the machine has, writable /sys, no filter', async () => {
    const script =
      'test -b /dev/loop0 && grep Seccomp: /proc/self/status | cut -f2; mount | grep -c "^sysfs.*(rw"';
    expect(await inside(['--privileged'], script)).toBe('0\n1');
    const bounding = /CapBnd:\s+(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    expect(await inside(['--privileged'], effective)).toBe(bounding);
  });

  test('--security-opt: a profile from a file, none, no-new-privileges, system paths', async () => {
    const profile = join(engine.directory, 'profile.json');
    const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 };
    writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
    const seccomp = (value: string) => ['--security-opt', `seccomp=${value}`];
    expect(await inside(seccomp(profile), 'mkdir /x')).toContain('Function not implemented');
    expect(await inside(seccomp('unconfined'), 'grep Seccomp: /proc/self/status | cut -f2')).toBe('0');
    expect(await inside([], 'grep Seccomp: /proc/self/status | cut -f2')).toBe('2');
    const noNew = ['--security-opt', 'no-new-privileges'];
    expect(await inside(noNew, 'grep NoNewPrivs /proc/self/status | cut -f2')).toBe('1');
    const open = ['--security-opt', 'systempaths=unconfined'];
    expect(await inside(open, 'mount | grep -c " /proc/"; true')).toBe('0');
    expect(await refused('--security-opt', 'wishes=granted')).toContain('invalid --security-opt');
  });

  test('--device, and rules for devices that a container makes itself', async () => {
    expect(await inside(['--device', '/dev/fuse'], 'ls -l /dev/fuse | cut -c1')).toBe('c');
    expect(await inside(['--device', '/dev/fuse:/dev/other:r'], 'ls /dev/other')).toBe('/dev/other');
    const node = 'mknod /tmp/f c 10 229 && head -c0 /tmp/f && echo opened';
    expect(await inside([], node)).toContain('Operation not permitted');
    expect(await inside(['--device-cgroup-rule', 'c 10:229 rwm'], node)).toBe('opened');
    expect(await refused('--device-cgroup-rule', 'x 1:1 r')).toContain('x 1:1 r');
  });

  test('--gpus is refused in words', async () => {
    expect(await refused('--gpus', 'all')).toContain('Berth gives containers no GPUs (--gpus)');
  });

  test('--group-add, --user', async () => {
    expect(await inside(['-u', '65534:1', '--group-add', '77'], 'id -u; id -G')).toBe('65534\n1 77');
  });
});

describe('limits', () => {
  const v1 = !unified;
  /** A control file of a container's own group, read from outside. */
  async function control(options: string[], controller: string, file: string): Promise<string> {
    const id = await engine.dockerText('run', '-d', ...options, 'busybox', 'sleep', '1000');
    const base = v1 ? join(root, controller) : root;
    try {
      return readFileSync(join(base, engine.instance, 'c', id, file), 'utf8').trim();
    } finally {
      await engine.dockerText('rm', '-f', id);
    }
  }

  test.each([
    [['--cpus', '1.5'], 'cpu', v1 ? 'cpu.cfs_quota_us' : 'cpu.max', v1 ? '150000' : '150000 100000'],
    [
      ['--cpu-period', '50000', '--cpu-quota', '25000'],
      'cpu',
      v1 ? 'cpu.cfs_quota_us' : 'cpu.max',
      v1 ? '25000' : '25000 50000',
    ],
    [['--cpu-shares', '512'], 'cpu', v1 ? 'cpu.shares' : 'cpu.weight', v1 ? '512' : '20'],
    [['--cpuset-cpus', '0'], 'cpuset', 'cpuset.cpus', '0'],
    [['--cpuset-mems', '0'], 'cpuset', 'cpuset.mems', '0'],
    [['-m', '32m'], 'memory', v1 ? 'memory.limit_in_bytes' : 'memory.max', '33554432'],
    [
      ['-m', '32m', '--memory-reservation', '16m'],
      'memory',
      v1 ? 'memory.soft_limit_in_bytes' : 'memory.low',
      '16777216',
    ],
    [
      ['-m', '32m', '--memory-swap', '48m'],
      'memory',
      v1 ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max',
      v1 ? '50331648' : '16777216',
    ],
    [['--pids-limit', '42'], 'pids', 'pids.max', '42'],
  ])('%j', async (options, controller, file, expected) => {
    expect(await control(options, controller, file)).toBe(expected);
  });

  test('those of cgroup version 1 alone; on version 2 they are left out, with a warning', async () => {
    if (unified) {
      const done = await engine.docker(['run', '--rm', '--memory-swappiness', '7', 'busybox', 'true']);
      expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('Memory swappiness discarded') });
      return;
    }
    expect(await control(['--memory-swappiness', '7'], 'memory', 'memory.swappiness')).toBe('7');
    const noKiller = ['-m', '32m', '--oom-kill-disable'];
    expect(await control(noKiller, 'memory', 'memory.oom_control')).toContain('oom_kill_disable 1');
  });

  test('speeds of block devices', async () => {
    const device = spawnSync('findmnt', ['-no', 'SOURCE', '/'], { encoding: 'utf8' }).stdout.trim();
    const kinds = ['read-bps', 'write-bps', 'read-iops', 'write-iops'];
    const options = kinds.flatMap((kind, index) => [`--device-${kind}`, `${device}:${1000 + index}`]);
    if (v1) {
      const file = await control(options, 'blkio', 'blkio.throttle.write_bps_device');
      expect(file).toMatch(/ 1001$/);
    } else {
      expect(await control(options, 'io', 'io.max')).toContain('rbps=1000 wbps=1001 riops=1002 wiops=1003');
    }
    const none = await engine.docker(['run', '--rm', '--device-read-bps', '/dev/none:1', 'busybox', 'true']);
    expect(none.stderr).toContain('/dev/none');
  });

  test('what this machine cannot hold is left out with a warning, or refused', async () => {
    const done = await engine.docker([
      'run',
      '--rm',
      '--blkio-weight-device',
      '/dev/loop0:100',
      'busybox',
      'true',
    ]);
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('Weight-device discarded') });
    expect(await refused('--cpuset-cpus', '4000')).toContain('Requested CPUs are not available');
    expect(await refused('-m', '1m')).toContain('Minimum memory limit allowed is 6MB');
  });

  test('--ulimit, --oom-score-adj, --shm-size, --sysctl', async () => {
    expect(await inside(['--ulimit', 'nofile=64:128'], 'ulimit -Sn; ulimit -Hn')).toBe('64\n128');
    expect(await inside(['--oom-score-adj', '500'], 'cat /proc/self/oom_score_adj')).toBe('500');
    expect(await inside(['--shm-size', '5m'], 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2')).toBe(
      '5120',
    );
    const sysctl = ['--sysctl', 'net.ipv4.ip_default_ttl=99', '--sysctl', 'kernel.msgmax=4096'];
    const read = 'cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax';
    expect(await inside(sysctl, read)).toBe('99\n4096');
  });

  test('docker update changes them while it runs', async () => {
    const id = await engine.dockerText(
      'run',
      '-d',
      '--name',
      'changing',
      '-m',
      '32m',
      'busybox',
      'sleep',
      '1000',
    );
    await engine.dockerText('update', '-m', '64m', '--memory-swap', '128m', '--cpus', '0.5', 'changing');
    const base = v1 ? join(root, 'memory') : root;
    const file = v1 ? 'memory.limit_in_bytes' : 'memory.max';
    expect(readFileSync(join(base, engine.instance, 'c', id, file), 'utf8').trim()).toBe('67108864');
    const wrong = await engine.docker(['update', '-m', '1m', 'changing']);
    expect(wrong.stderr).toContain('Minimum memory limit allowed is 6MB');
    await engine.dockerText('rm', '-f', 'changing');
  });
});

describe('files', () => {
  test('--read-only, and what stays writable in it', async () => {
    expect(await inside(['--read-only'], 'touch /x')).toContain('Read-only file system');
    expect(await inside(['--read-only', '--tmpfs', '/run'], 'touch /run/x /dev/shm/x && echo ok')).toBe('ok');
  });

  test('--tmpfs and --mount type=tmpfs with their options', async () => {
    const size = 'df -k /t | tail -1 | tr -s " " | cut -d" " -f2; stat -c %a /t';
    expect(await inside(['--tmpfs', '/t:size=1m,mode=700'], size)).toBe('1024\n700');
    const mount = 'type=tmpfs,dst=/t,tmpfs-size=2m,tmpfs-mode=1770';
    expect(await inside(['--mount', mount], size)).toBe('2048\n1770');
  });

  test('--mount type=bind: read-only with what is mounted below, or without', async () => {
    const source = join(engine.directory, 'bound');
    mkdirSync(join(source, 'below'), { recursive: true });
    spawnSync('mount', ['-t', 'tmpfs', 'below', join(source, 'below')]);
    try {
      const bind = (rest: string) => ['--mount', `type=bind,src=${source},dst=/b${rest}`];
      expect(await inside(bind(''), 'touch /b/below/x && echo ok')).toBe('ok');
      expect(await inside(bind(',ro'), 'touch /b/below/x')).toContain('Read-only file system');
      expect(await inside(bind(',ro,bind-recursive=writable'), 'touch /b/below/x && echo ok')).toBe('ok');
      expect(await inside(bind(',bind-recursive=disabled'), 'ls /b/below')).toBe('');
      spawnSync('mount', ['--make-shared', join(source, 'below')]);
      const slave = `type=bind,src=${join(source, 'below')},dst=/b,bind-propagation=rslave`;
      expect(await inside(['--mount', slave], 'grep " /b " /proc/self/mountinfo')).toContain('master:');
    } finally {
      spawnSync('umount', [join(source, 'below')]);
    }
    expect(await refused('--mount', 'type=bind,src=/no/such,dst=/b')).toContain(
      'bind source path does not exist',
    );
  });

  test('--mount type=volume: labels, subpath, without a copy; other drivers are refused', async () => {
    await inside(
      ['--mount', 'type=volume,src=labelled,dst=/v,volume-label=a=b'],
      'mkdir /v/sub; echo in > /v/sub/f',
    );
    expect(await engine.dockerText('volume', 'inspect', '-f', '{{.Labels.a}}', 'labelled')).toBe('b');
    const subpath = ['--mount', 'type=volume,src=labelled,dst=/s,volume-subpath=sub,ro'];
    expect(await inside(subpath, 'cat /s/f')).toBe('in');
    expect(await refused('--mount', 'type=volume,src=x1,dst=/v,volume-driver=nfs')).toContain(
      'no volume driver',
    );
    expect(await refused('--mount', 'type=volume,src=x1,dst=/v,volume-opt=o=bind')).toContain(
      'volume option "o"',
    );
  });

  test('an empty volume is filled from the image, with owners and modes; nocopy leaves it empty', async () => {
    await engine.docker([
      'run',
      '--name',
      'maker',
      'busybox',
      'sh',
      '-c',
      'mkdir /d; echo hi > /d/f; chown 5:6 /d; chmod 750 /d',
    ]);
    await engine.dockerText('commit', 'maker', 'filled');
    await engine.dockerText('rm', 'maker');
    const show = async (...options: string[]) => {
      const done = await engine.docker([
        'run',
        '--rm',
        ...options,
        'filled',
        'sh',
        '-c',
        'stat -c "%u:%g %a" /d; ls /d',
      ]);
      return done.stdout.trim();
    };
    expect(await show('-v', 'named:/d')).toBe('5:6 750\nf');
    expect(await show('-v', '/d')).toBe('5:6 750\nf');
    expect(await show('-v', 'uncopied:/d:nocopy')).toBe('0:0 755');
    // What a volume has already is never written over.
    await inside(['-v', 'named:/d'], 'echo mine > /d/f');
    expect(await inside(['-v', 'named:/d'], 'cat /d/f')).toBe('mine');
  });

  test('--volumes-from, read-only too', async () => {
    await engine.dockerText('create', '--name', 'source', '-v', 'given:/given', 'busybox');
    expect(await inside(['--volumes-from', 'source'], 'touch /given/x && ls /given')).toBe('x');
    expect(await inside(['--volumes-from', 'source:ro'], 'touch /given/y')).toContain(
      'Read-only file system',
    );
    await engine.dockerText('rm', 'source');
  });
});

describe('names', () => {
  test('--add-host, the gateway too', async () => {
    const hosts = [
      '--add-host',
      'one:10.0.0.1',
      '--add-host',
      'six=[2001:db8::1]',
      '--add-host',
      'up:host-gateway',
    ];
    const text = await inside(hosts, 'cat /etc/hosts');
    expect(text).toContain('10.0.0.1\tone');
    expect(text).toContain('2001:db8::1\tsix');
    expect(text).toMatch(/^\d+\.\d+\.\d+\.1\tup$/m);
  });

  test('--dns, --dns-search, --dns-option', async () => {
    const options = ['--dns', '10.1.2.3', '--dns-search', 'example.org', '--dns-option', 'ndots:3'];
    const text = await inside(options, 'grep -v "^#" /etc/resolv.conf');
    expect(text).toBe('nameserver 10.1.2.3\nsearch example.org\noptions ndots:3');
  });
});
