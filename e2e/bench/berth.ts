import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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

const instance = 'bench-berth';

/** Our engine as it is pushed into a machine: the bundle, with its compile cache. */
export async function startBerth(options: { bundle: string; data: string }): Promise<Contestant> {
  const dir = join(options.data, 'berth');
  mkdirSync(dir, { recursive: true });
  const child = spawn(
    process.execPath,
    ['engine.mjs', ...['--instance', instance, '--root', join(dir, 'root')], ...['--bind-source', 'machine']],
    {
      cwd: options.bundle,
      env: { ...process.env, NODE_COMPILE_CACHE: join(dir, 'compile-cache') },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const pid = child.pid as number;
  account(instance, pid);
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the engine ended with ${code}`);
    }),
  ]);
  const socket = `/run/berth/${instance}/engine.sock`;
  const client = clientOf(socket);
  const { Version: version } = await client.version();
  return {
    name: 'Berth',
    version,
    socket,
    client,
    cpuMs: () => accountedMs(instance),
    idleMB: () => residentMB(pid),
    monitorMB: (id) =>
      processes(
        (words) => /berth-shim/.test(words[0] ?? '') && words.some((word) => word.includes(id)),
      ).reduce((sum, shim) => sum + proportionalMB(shim), 0),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      closeAccount(instance);
      rmSync(`/run/berth/${instance}`, { recursive: true, force: true });
    },
  };
}
