import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import type { Spec } from '../bundle.ts';
import { prints, type Row, type Rows, refused, shows } from './row.ts';

const shown = (name: string) => `grep ^${name}: /proc/self/status | tr -d '\\t '`;

/** CAP_NET_ADMIN, in a hexadecimal set of /proc. */
const netAdmin = 12n;

function capabilitySet(set: string, name: string, does: string): Row {
  return {
    does,
    proof: async (bundle) => {
      const done = await bundle.sh(shown(name), (spec) => {
        spec.process.capabilities = { bounding: ['CAP_NET_ADMIN'], permitted: ['CAP_NET_ADMIN'] };
        spec.process.capabilities.inheritable = ['CAP_NET_ADMIN'];
        spec.process.capabilities[set] = ['CAP_NET_ADMIN'];
      });
      const [, hexadecimal = '0'] = done.stdout.trim().split(':');
      expect((BigInt(`0x${hexadecimal}`) >> netAdmin) & 1n).toBe(1n);
    },
  };
}

const scheduler = (key: string, value: unknown, does: string, wanted: RegExp) =>
  shows(
    does,
    (spec) => {
      spec.process.scheduler = { policy: 'SCHED_OTHER', nice: 3, [key]: value };
    },
    // The policy is field 41 and the nice value field 19 of stat; the priority field 40.
    'cut -d" " -f19,40,41 /proc/self/stat',
    wanted,
  );

/** Where version 1 hands out real-time CPU time by group, a group begins with none. */
function allowRealtime(spec: Spec): void {
  if (!existsSync('/sys/fs/cgroup/cpu/cpu.rt_runtime_us')) return;
  spec.linux.resources.cpu = { realtimePeriod: 1_000_000, realtimeRuntime: 1000 };
}

function deadlineRow(key: string): Row {
  return prints(
    `SCHED_DEADLINE’s ${key}, in nanoseconds`,
    (spec) => {
      spec.process.scheduler = {
        policy: 'SCHED_DEADLINE',
        // Only such a task may have children, and this one becomes none of a shell.
        flags: ['SCHED_FLAG_RESET_ON_FORK'],
        runtime: 10_000_000,
        deadline: 30_000_000,
        period: 30_000_000,
      };
      spec.process.args = ['cut', '-d', ' ', '-f41', '/proc/self/stat'];
    },
    '6',
  );
}

export const processRows: Rows = {
  'process.terminal': {
    does: 'a terminal of the container’s devpts, its master sent to --console-socket or relayed',
    proof: async (bundle) => {
      bundle.edit((spec) => {
        spec.process.terminal = true;
        spec.process.args = ['tty'];
      });
      expect((await bundle.text('run', bundle.newId())).trim()).toBe('/dev/pts/0');
    },
  },
  'process.consoleSize.height': prints(
    'rows of the terminal',
    (spec) => {
      spec.process.terminal = true;
      spec.process.consoleSize = { height: 31, width: 97 };
      spec.process.args = ['stty', 'size'];
    },
    '31 97',
  ),
  'process.consoleSize.width': prints(
    'columns of the terminal',
    (spec) => {
      spec.process.terminal = true;
      spec.process.consoleSize = { height: 31, width: 98 };
      spec.process.args = ['stty', 'size'];
    },
    '31 98',
  ),
  'process.cwd': shows(
    'the working directory, made where it is missing; one outside of the container is refused',
    (spec) => {
      spec.process.cwd = '/made/here';
      spec.root.readonly = false;
    },
    'pwd',
    '/made/here',
  ),
  'process.env': shows(
    'the environment; HOME is added from the container’s passwd where it is missing',
    (spec) => spec.process.env.push('A=b c'),
    'echo "$A $HOME"',
    'b c /root',
  ),
  'process.args': prints(
    'the command, looked for in PATH',
    (spec) => {
      spec.process.args = ['echo', 'one word', '$HOME'];
    },
    'one word $HOME',
  ),
  'process.commandLine': shows(
    'not read: Windows’ own',
    (spec) => {
      spec.process.commandLine = 'cmd';
    },
    'echo args',
    'args',
  ),
  'process.user.uid': shows(
    'the user’s number',
    (spec) => {
      spec.process.user.uid = 1000;
    },
    'id -u',
    '1000',
  ),
  'process.user.gid': shows(
    'the group’s number',
    (spec) => {
      spec.process.user.gid = 50;
    },
    'id -g',
    '50',
  ),
  'process.user.umask': shows(
    'the umask; 022 where it is missing',
    (spec) => {
      spec.process.user.umask = 0o27;
    },
    'umask',
    '0027',
  ),
  'process.user.additionalGids': shows(
    'further groups',
    (spec) => {
      spec.process.user.additionalGids = [50, 77];
    },
    'id -G',
    '0 50 77',
  ),
  'process.user.username': shows(
    'name or number, with a group behind a colon, looked up in the container as Docker does; replaces uid and gid',
    (spec) => {
      spec.process.user.username = 'user';
    },
    'id -u; id -G; echo $HOME',
    /^1000\n1000 50\n\/tmp\n$/,
  ),
  'process.capabilities.bounding': capabilitySet('bounding', 'CapBnd', 'what can ever be had'),
  'process.capabilities.effective': capabilitySet('effective', 'CapEff', 'what is in force'),
  'process.capabilities.permitted': capabilitySet('permitted', 'CapPrm', 'what may be put in force'),
  'process.capabilities.inheritable': capabilitySet('inheritable', 'CapInh', 'what execve may keep'),
  'process.capabilities.ambient': capabilitySet('ambient', 'CapAmb', 'what users who are not root keep'),
  'process.rlimits.type': refused(
    'a limit by its name; an unknown one is refused',
    (spec) => {
      spec.process.rlimits = [{ type: 'RLIMIT_DREAMS', soft: 1, hard: 1 }];
    },
    'rlimits.type',
  ),
  'process.rlimits.soft': shows(
    'the limit in force',
    (spec) => {
      spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 111, hard: 222 }];
    },
    'ulimit -Sn',
    '111',
  ),
  'process.rlimits.hard': shows(
    'how far it may be raised',
    (spec) => {
      spec.process.rlimits = [{ type: 'RLIMIT_NOFILE', soft: 111, hard: 222 }];
    },
    'ulimit -Hn',
    '222',
  ),
  'process.noNewPrivileges': shows(
    'no_new_privs',
    (spec) => {
      spec.process.noNewPrivileges = true;
    },
    shown('NoNewPrivs'),
    'NoNewPrivs:1',
  ),
  'process.oomScoreAdj': shows(
    'written for the process before it runs',
    (spec) => {
      spec.process.oomScoreAdj = 321;
    },
    'cat /proc/self/oom_score_adj',
    '321',
  ),
  'process.apparmorProfile': refused(
    'the profile from execve on; refused where the kernel has no AppArmor',
    (spec) => {
      spec.process.apparmorProfile = 'no-such-profile';
    },
    /apparmor|No such file|attr/i,
  ),
  'process.selinuxLabel': refused(
    'the label from execve on; refused where the kernel has no SELinux',
    (spec) => {
      spec.process.selinuxLabel = 'no:such:label:s0';
    },
    /selinux|Invalid argument/i,
  ),
  'process.scheduler.policy': shows(
    'the policy of sched(7)',
    (spec) => {
      spec.process.scheduler = { policy: 'SCHED_BATCH' };
    },
    'cut -d" " -f41 /proc/self/stat',
    '3',
  ),
  'process.scheduler.nice': scheduler('nice', 7, 'the nice value', /^7 0 0$/m),
  'process.scheduler.priority': shows(
    'the real-time priority',
    (spec) => {
      spec.process.scheduler = { policy: 'SCHED_FIFO', priority: 5 };
      allowRealtime(spec);
    },
    'cut -d" " -f40,41 /proc/self/stat',
    '5 1',
  ),
  'process.scheduler.flags': shows(
    'flags of sched_setattr(2), such as not to be inherited',
    (spec) => {
      spec.process.scheduler = { policy: 'SCHED_FIFO', priority: 5, flags: ['SCHED_FLAG_RESET_ON_FORK'] };
      allowRealtime(spec);
    },
    'cut -d" " -f41 /proc/1/stat; cut -d" " -f41 /proc/self/stat; true',
    /^1\n0\n$/,
  ),
  'process.scheduler.runtime': deadlineRow('runtime'),
  'process.scheduler.deadline': deadlineRow('deadline'),
  'process.scheduler.period': deadlineRow('period'),
  'process.ioPriority.class': shows(
    'the class of ioprio_set(2)',
    (spec) => {
      spec.process.ioPriority = { class: 'IOPRIO_CLASS_IDLE', priority: 0 };
    },
    'ionice -p 1',
    /^idle/,
  ),
  'process.ioPriority.priority': shows(
    'the level in its class',
    (spec) => {
      spec.process.ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 6 };
    },
    'ionice -p 1',
    /best-effort: prio 6/,
  ),
  'process.execCPUAffinity.initial': affinity('initial', 'the CPUs of an exec until it joins the cgroup'),
  'process.execCPUAffinity.final': affinity('final', 'the CPUs of an exec’s command'),
};

function affinity(key: 'initial' | 'final', does: string): Row {
  return {
    does,
    proof: async (bundle) => {
      bundle.edit((spec) => {
        spec.process.execCPUAffinity = { [key]: '0' };
      });
      const id = await bundle.running();
      const list = await bundle.text('exec', id, 'sh', '-c', 'grep ^Cpus_allowed_list /proc/self/status');
      expect(list).toMatch(/\t0$/);
      bundle.edit((spec) => {
        spec.process.execCPUAffinity = { [key]: 'all' };
      });
      await bundle.text('delete', '-f', id);
      const wrong = await bundle.running();
      expect((await bundle.run(['exec', wrong, 'true'])).stderr).toContain('not a list of CPUs: all');
    },
  };
}
