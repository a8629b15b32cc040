import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  account,
  accountedMs,
  type Contestant,
  clientOf,
  closeAccount,
  processes,
  proportionalMB,
  residentMB,
} from './contestant.ts';

const group = 'bench-dockerd';

/**
 * Debian's dockerd from the peers' tree, with everything of its own in one directory. `data` is the directory that the
 * tree shows as /bench.
 */
export async function startDockerd(options: { tree: string; data: string }): Promise<Contestant> {
  const { tree, data } = options;
  const dir = join(data, 'dockerd');
  mkdirSync(dir, { recursive: true });
  const inside = '/bench/dockerd';
  const child = spawn(
    'chroot',
    [
      tree,
      'dockerd',
      `--host=unix://${inside}/docker.sock`,
      `--data-root=${inside}/root`,
      `--exec-root=${inside}/run`,
      `--pidfile=${inside}/pid`,
      `--cgroup-parent=/${group}`,
      '--bip=172.29.0.1/16',
      '--storage-driver=overlay2',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  account(group, child.pid as number);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const socket = join(dir, 'docker.sock');
  const client = clientOf(socket);
  let version: string | undefined;
  while (version === undefined) {
    if (child.exitCode !== null) throw new Error(`dockerd ended with ${child.exitCode}:\n${errors}`);
    version = await client.version().then(
      (answer) => answer.Version,
      () => undefined,
    );
    await delay(100);
  }
  const daemons = () =>
    processes(
      (words) => /(^|\/)(dockerd|containerd)$/.test(words[0] ?? '') && words.join(' ').includes(inside),
    );
  return {
    name: 'dockerd',
    version,
    socket,
    client,
    cpuMs: () => accountedMs(group),
    idleMB: () => daemons().reduce((sum, pid) => sum + residentMB(pid), 0),
    monitorMB: (id) =>
      processes((words) => /containerd-shim/.test(words[0] ?? '') && words.includes(id)).reduce(
        (sum, pid) => sum + proportionalMB(pid),
        0,
      ),
    async [Symbol.asyncDispose]() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
      closeAccount(group);
    },
  };
}
