import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Spec } from '../bundle.ts';
import { expectRefusal, type Row, type Rows, refused, shows } from './row.ts';

const profile =
  (rule: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  (spec: Spec) => {
    spec.linux.seccomp = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', ...rule }],
      ...more,
    };
  };

const tryIt = 'mkdir /dev/shm/a 2>&1; echo $?';

/** SIGSYS ends it: 128 and the signal, which is 31 on every machine of ours. */
const killed = /^159$/m;

const actions: [action: string, wanted: RegExp][] = [
  ['SCMP_ACT_KILL', killed],
  ['SCMP_ACT_KILL_THREAD', killed],
  ['SCMP_ACT_KILL_PROCESS', killed],
  ['SCMP_ACT_TRAP', killed],
  ['SCMP_ACT_ERRNO', /not permitted\n1/],
  // Nobody traces it, so the call does not exist.
  ['SCMP_ACT_TRACE', /not implemented\n1/],
  ['SCMP_ACT_ALLOW', /^0$/m],
  ['SCMP_ACT_LOG', /^0$/m],
];

/** A file's new length in bytes, decided by ftruncate's second argument. */
function argument(does: string, test: Record<string, unknown>, wanted: [less: boolean, more: boolean]): Row {
  const line = [8, 24]
    .map((bytes) => `truncate -s ${bytes} /dev/shm/x 2>/dev/null && echo ok || echo no`)
    .join('; ');
  return shows(
    does,
    profile({ names: ['ftruncate'], args: [{ index: 1, valueTwo: 0, ...test }] }),
    line,
    wanted.map((denied) => (denied ? 'no' : 'ok')).join('\n'),
  );
}

const agentSocket = (bundle: { bundle: string }) => join(bundle.bundle, 'agent.sock');

/** What an agent is told when a filter asks for one; the container is killed then. */
async function told(bundle: Parameters<Row['proof']>[0]): Promise<Record<string, unknown>> {
  const socket = agentSocket(bundle);
  const server = createServer();
  try {
    server.listen(socket);
    const said = new Promise<string>((resolve) =>
      server.once('connection', (connection) => connection.once('data', (data) => resolve(data.toString()))),
    );
    profileOfAgent(bundle, socket);
    const id = bundle.newId();
    const running = bundle.run(['run', id]);
    const text = await said;
    await bundle.run(['kill', id, 'KILL']);
    await running;
    return JSON.parse(text) as Record<string, unknown>;
  } finally {
    server.close();
  }
}

function profileOfAgent(bundle: Parameters<Row['proof']>[0], listenerPath: string): void {
  bundle.edit((spec) => {
    profile({ action: 'SCMP_ACT_NOTIFY' }, { listenerPath, listenerMetadata: 'for the agent' })(spec);
    spec.process.args = ['sleep', '1000'];
  });
}

export const seccompRows: Rows = {
  'linux.seccomp.defaultAction': shows(
    'for calls that no rule names; calls newer than the profile do not exist (ENOSYS)',
    (spec) => {
      spec.linux.seccomp = { defaultAction: 'SCMP_ACT_LOG', syscalls: [] };
    },
    'echo ran',
    'ran',
  ),
  'linux.seccomp.defaultErrnoRet': {
    does: 'the number of a default SCMP_ACT_ERRNO',
    proof: async (bundle) => {
      // Nothing is allowed, not even execve: what comes back tells the number.
      const done = await bundle.sh('true', (spec) => {
        spec.linux.seccomp = {
          defaultAction: 'SCMP_ACT_ERRNO',
          defaultErrnoRet: 6,
          syscalls: [{ names: ['sendmsg', 'sendto', 'exit_group'], action: 'SCMP_ACT_ALLOW' }],
        };
      });
      expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('No such device or address') });
    },
  },
  'linux.seccomp.flags': {
    does: 'TSYNC, LOG, SPEC_ALLOW, WAIT_KILLABLE_RECV; others are refused',
    proof: async (bundle) => {
      const flags = ['TSYNC', 'LOG', 'SPEC_ALLOW'].map((name) => `SECCOMP_FILTER_FLAG_${name}`);
      const done = await bundle.sh(tryIt, profile({}, { flags }));
      expect(done.stdout).toMatch(/not permitted\n1/);
      await expectRefusal(
        bundle,
        profile({}, { flags: ['SECCOMP_FILTER_FLAG_DREAM'] }),
        'linux.seccomp.flags',
      );
    },
  },
  'linux.seccomp.listenerPath': {
    does: 'the agent that answers SCMP_ACT_NOTIFY gets listener and state; without one the start fails',
    proof: async (bundle) => {
      const state = await told(bundle);
      expect(state).toMatchObject({ fds: ['seccompFd'], state: { bundle: bundle.bundle } });
      profileOfAgent(bundle, '/no/such/agent');
      const done = await bundle.run(['run', bundle.newId()]);
      expect(done).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('failed to connect with seccomp agent'),
      });
    },
  },
  'linux.seccomp.listenerMetadata': {
    does: 'told to the agent as it is',
    proof: async (bundle) => {
      expect((await told(bundle)).metadata).toBe('for the agent');
    },
  },
  'linux.seccomp.architectures': {
    does: 'system calls of other machines that the rules are for too; calls of machines that are not named end the process',
    proof: async (bundle) => {
      const both = process.arch === 'arm64' ? ['AARCH64', 'ARM'] : ['X86_64', 'X86', 'X32'];
      const architectures = both.map((name) => `SCMP_ARCH_${name}`);
      const done = await bundle.sh(tryIt, profile({}, { architectures }));
      expect(done.stdout).toMatch(/not permitted\n1/);
      expect(existsSync(bundle.rootfs)).toBe(true);
    },
  },
  'linux.seccomp.syscalls.names': shows(
    'by name; those that this machine does not have are left out',
    profile({ names: ['no_such_call', 'mkdir', 'mkdirat'] }),
    tryIt,
    /not permitted\n1/,
  ),
  'linux.seccomp.syscalls.action': {
    does: 'all of the spec’s actions; SCMP_ACT_NOTIFY under listenerPath',
    proof: async (bundle) => {
      for (const [action, wanted] of actions) {
        bundle.reset();
        expect((await bundle.sh(tryIt, profile({ action }))).stdout).toMatch(wanted);
      }
      await expectRefusal(bundle, profile({ action: 'SCMP_ACT_DREAM' }), 'linux.seccomp.action');
      await expectRefusal(bundle, profile({ action: 'SCMP_ACT_NOTIFY' }), 'needs a listenerPath');
    },
  },
  'linux.seccomp.syscalls.errnoRet': shows(
    'the number of SCMP_ACT_ERRNO and SCMP_ACT_TRACE; EPERM where missing',
    profile({ errnoRet: 28 }),
    tryIt,
    /No space left on device\n1/,
  ),
  'linux.seccomp.syscalls.args.index': argument('0 to 5', { value: 8, op: 'SCMP_CMP_EQ' }, [true, false]),
  'linux.seccomp.syscalls.args.value': argument('64 bits', { value: 16, op: 'SCMP_CMP_GT' }, [false, true]),
  'linux.seccomp.syscalls.args.valueTwo': argument(
    'what the masked argument is compared with',
    { value: 16, valueTwo: 16, op: 'SCMP_CMP_MASKED_EQ' },
    [false, true],
  ),
  'linux.seccomp.syscalls.args.op': {
    does: 'all of the spec’s comparisons',
    proof: async (bundle) => {
      const operators: [op: string, wanted: [boolean, boolean]][] = [
        ['SCMP_CMP_NE', [true, false]],
        ['SCMP_CMP_LT', [true, false]],
        ['SCMP_CMP_LE', [true, true]],
        ['SCMP_CMP_EQ', [false, true]],
        ['SCMP_CMP_GE', [false, true]],
        ['SCMP_CMP_GT', [false, false]],
      ];
      for (const [op, wanted] of operators) {
        bundle.reset();
        await argument(op, { value: 24, op }, wanted).proof(bundle);
      }
      const row = refused(
        '',
        profile({ args: [{ index: 0, value: 0, op: 'SCMP_CMP_DREAM' }] }),
        'seccomp.args',
      );
      await row.proof(bundle);
    },
  },
};
