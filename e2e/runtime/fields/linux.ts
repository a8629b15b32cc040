import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { expect } from 'vitest';
import type { Spec } from '../bundle.ts';
import { expectRefusal, type Row, type Rows, refused, shows } from './row.ts';

const map = [
  { containerID: 0, hostID: 100_000, size: 1000 },
  { containerID: 1000, hostID: 300_000, size: 1000 },
];

function withUsers(spec: Spec): void {
  spec.linux.namespaces.push({ type: 'user' });
  spec.linux.uidMappings = map;
  spec.linux.gidMappings = map;
}

function withTime(spec: Spec, offset: Record<string, unknown>): void {
  spec.linux.namespaces.push({ type: 'time' });
  spec.linux.timeOffsets = offset;
}

/** A process in new namespaces that a container can join; it ends with the test. */
async function withNamespaces(
  options: string[],
  use: (process: ChildProcess) => Promise<void>,
): Promise<void> {
  const holder = spawn('unshare', [...options, 'sh', '-c', 'echo up; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(holder.stdout, 'data');
    await use(holder);
  } finally {
    holder.kill('SIGKILL');
  }
}

const namespaceTypes = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const;
const filesOf: Record<string, string> = { network: 'net', mount: 'mnt' };

const device = { path: '/dev/made', type: 'c', major: 1, minor: 3 };

function deviceRow(does: string, change: Record<string, unknown>, format: string, wanted: string): Row {
  return shows(
    does,
    (spec) => {
      spec.linux.devices = [{ ...device, ...change }];
    },
    `stat -c '${format}' /dev/made`,
    wanted,
  );
}

export const linuxRows: Rows = {
  'linux.namespaces.type': {
    does: 'each of the eight, new where it has no path',
    proof: async (bundle) => {
      bundle.edit((spec) => {
        withUsers(spec);
        spec.linux.namespaces.push({ type: 'time' });
        if (!spec.linux.namespaces.some(({ type }: { type: string }) => type === 'cgroup')) {
          spec.linux.namespaces.push({ type: 'cgroup' });
        }
      });
      const { pid } = await bundle.state(await bundle.running());
      for (const type of namespaceTypes) {
        const file = `ns/${filesOf[type] ?? type}`;
        expect(readlinkSync(`/proc/${pid}/${file}`)).not.toBe(readlinkSync(`/proc/self/${file}`));
      }
      bundle.reset();
      await expectRefusal(
        bundle,
        (spec) => spec.linux.namespaces.push({ type: 'dream' }),
        'linux.namespaces',
      );
      bundle.reset();
      await expectRefusal(bundle, (spec) => spec.linux.namespaces.push({ type: 'pid' }), 'each type once');
    },
  },
  'linux.namespaces.path': {
    does: 'joined instead of made; a mount namespace must be the container’s own',
    proof: async (bundle) => {
      await withNamespaces(['--net', '--ipc', '--uts', '--time'], async ({ pid }) => {
        const joined = ['network', 'ipc', 'uts'];
        bundle.edit((spec) => {
          spec.hostname = '';
          spec.linux.namespaces = spec.linux.namespaces.map((entry: { type: string }) =>
            joined.includes(entry.type)
              ? { ...entry, path: `/proc/${pid}/ns/${filesOf[entry.type] ?? entry.type}` }
              : entry,
          );
          spec.linux.namespaces.push({ type: 'time', path: `/proc/${pid}/ns/time_for_children` });
        });
        const { pid: own } = await bundle.state(await bundle.running());
        for (const type of joined) {
          const file = `ns/${filesOf[type] ?? type}`;
          expect(readlinkSync(`/proc/${own}/${file}`)).toBe(readlinkSync(`/proc/${pid}/${file}`));
        }
        expect(readlinkSync(`/proc/${own}/ns/time`)).toBe(readlinkSync(`/proc/${pid}/ns/time_for_children`));
      });
      bundle.reset();
      await withNamespaces(['--user', '--map-root-user', '--net'], async ({ pid }) => {
        const done = await bundle.sh('readlink /proc/self/ns/user; readlink /proc/self/ns/net', (spec) => {
          spec.linux.namespaces = spec.linux.namespaces.map((entry: { type: string }) =>
            entry.type === 'network' ? { ...entry, path: `/proc/${pid}/ns/net` } : entry,
          );
          spec.linux.namespaces.push({ type: 'user', path: `/proc/${pid}/ns/user` });
          // Only root is there, no group of terminals.
          for (const mount of spec.mounts) {
            mount.options = mount.options?.filter((option: string) => option !== 'gid=5');
          }
        });
        expect(done.stdout.split('\n').slice(0, 2)).toEqual([
          readlinkSync(`/proc/${pid}/ns/user`),
          readlinkSync(`/proc/${pid}/ns/net`),
        ]);
      });
      bundle.reset();
      await expectRefusal(
        bundle,
        (spec) => {
          const mount = spec.linux.namespaces.find(({ type }: { type: string }) => type === 'mount');
          mount.path = '/proc/self/ns/mnt';
        },
        'a mount namespace of its own',
      );
    },
  },
  'linux.uidMappings': shows(
    'the users of the new user namespace; root there is nobody here',
    withUsers,
    'cat /proc/self/uid_map; id -u; stat -c %u /proc/1',
    /0 +100000 +1000\n +1000 +300000 +1000\n0\n0\n$/,
  ),
  'linux.gidMappings': shows(
    'the groups of the same',
    withUsers,
    'cat /proc/self/gid_map; id -g',
    /100000 +1000\n.*\n0\n$/,
  ),
  'linux.timeOffsets.*.secs': shows(
    'seconds added to the clock of that name, monotonic or boottime',
    (spec) => withTime(spec, { monotonic: { secs: 3000 }, boottime: { secs: 86_400_000 } }),
    'cat /proc/1/timens_offsets; cut -d. -f1 /proc/uptime | grep -c 864',
    /monotonic +3000 +0\nboottime +86400000 +0\n1/,
  ),
  'linux.timeOffsets.*.nanosecs': shows(
    'nanoseconds added',
    (spec) => withTime(spec, { monotonic: { secs: 1, nanosecs: 500 } }),
    'cat /proc/1/timens_offsets',
    /monotonic +1 +500/,
  ),
  'linux.devices.type': deviceRow('c, u, b or p', { type: 'p' }, '%F', 'fifo'),
  'linux.devices.path': deviceRow(
    'where it is made; in a user namespace the host’s own is bound',
    {},
    '%n',
    '/dev/made',
  ),
  'linux.devices.fileMode': deviceRow(
    'its permissions; 0666 where missing',
    { fileMode: 0o640 },
    '%a',
    '640',
  ),
  'linux.devices.major': deviceRow('its number', { major: 1, minor: 5 }, '%t:%T', '1:5'),
  'linux.devices.minor': deviceRow('its number', { major: 1, minor: 7 }, '%t:%T', '1:7'),
  'linux.devices.uid': deviceRow('its owner', { uid: 5 }, '%u', '5'),
  'linux.devices.gid': deviceRow('its group', { gid: 6 }, '%g', '6'),
  'linux.cgroupsPath': {
    does: 'below the root of every hierarchy; /<id> where it is missing',
    proof: async (bundle) => {
      const group = `/${bundle.name}-group/below`;
      const done = await bundle.sh('cat /proc/self/cgroup', (spec) => {
        spec.linux.cgroupsPath = group;
        // With one of its own the container would see its group as /.
        spec.linux.namespaces = spec.linux.namespaces.filter(
          ({ type }: { type: string }) => type !== 'cgroup',
        );
      });
      for (const line of done.stdout.trim().split('\n')) expect(line.split(':').at(-1)).toBe(group);
    },
  },
  'linux.rootfsPropagation': {
    does: 'private, slave (the default) or shared, for the root; unbindable as private',
    proof: async (bundle) => {
      const root = "grep ' / / ' /proc/self/mountinfo || grep ' / ' /proc/self/mountinfo";
      const of = async (kind: string) => {
        bundle.reset();
        const done = await bundle.sh(root, (spec) => {
          spec.linux.rootfsPropagation = kind;
        });
        return done.stdout;
      };
      expect(await of('shared')).toMatch(/ shared:\d+ /);
      expect(await of('private')).not.toMatch(/ (shared|master):\d+ /);
      expect(await of('slave')).not.toMatch(/ shared:\d+ /);
    },
  },
  'linux.sysctl': {
    does: 'settings of namespaces that are the container’s own; any other is refused',
    proof: async (bundle) => {
      const done = await bundle.sh('cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax', (spec) => {
        spec.linux.sysctl = { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '9000' };
      });
      expect(done.stdout).toBe('1\n9000\n');
      await expectRefusal(
        bundle,
        (spec) => {
          spec.linux.sysctl = { 'kernel.core_pattern': '|/bin/evil' };
        },
        'kernel.core_pattern is not of a namespace of the container',
      );
    },
  },
  'linux.maskedPaths': shows(
    'covered: files by the null device, directories by an empty read-only one',
    (spec) => spec.linux.maskedPaths.push('/etc/passwd', '/root', '/no/such'),
    'wc -c < /etc/passwd; ls /root | wc -l; touch /root/x 2>&1; true',
    /^0\n0\n.*Read-only/,
  ),
  'linux.readonlyPaths': shows(
    'read-only, with all that is mounted below',
    (spec) => {
      spec.root.readonly = false;
      spec.linux.readonlyPaths.push('/etc');
    },
    'touch /etc/x 2>&1; touch /tmp/y && echo fine',
    /Read-only file system\nfine/,
  ),
  'linux.mountLabel': refused(
    'SELinux context of the file systems that are made; refused by a kernel without SELinux',
    (spec) => {
      spec.linux.mountLabel = 'system_u:object_r:container_file_t:s0';
    },
    /context|selinux/i,
  ),
  'linux.personality.domain': shows(
    'LINUX or LINUX32',
    (spec) => {
      spec.linux.personality = { domain: 'LINUX32' };
    },
    'uname -m',
    /^i.86$|^armv/m,
  ),
  'linux.personality.flags': refused(
    'refused: the runtime-spec defines none',
    (spec) => {
      spec.linux.personality = { domain: 'LINUX', flags: ['ADDR_NO_RANDOMIZE'] };
    },
    'linux.personality.flags',
  ),
  ...Object.fromEntries(
    ['closID', 'l3CacheSchema', 'memBwSchema', 'enableCMT', 'enableMBM'].map((key) => [
      `linux.intelRdt.${key}`,
      refused(
        'refused by name: resctrl is not used by this runtime',
        (spec) => {
          spec.linux.intelRdt = { [key]: key.startsWith('enable') ? true : 'x' };
        },
        'linux.intelRdt',
      ),
    ]),
  ),
};
