import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unixTransport } from './unix-transport.ts';

/** An engine that answers on a socket. */
export interface Contestant extends AsyncDisposable {
  readonly name: string;
  readonly socket: string;
}

/**
 * Debian's dockerd with everything of its own in one directory: root, run, socket, bridge. Its data lies on the same
 * file system as ours.
 */
export async function startDockerd(options: {
  parent: string;
  insecureRegistry: string;
}): Promise<Contestant> {
  const dir = mkdtempSync(join(options.parent, 'dockerd-'));
  const socket = join(dir, 'docker.sock');
  const child = spawn(
    'dockerd',
    [
      `--host=unix://${socket}`,
      `--data-root=${join(dir, 'root')}`,
      `--exec-root=${join(dir, 'run')}`,
      `--pidfile=${join(dir, 'pid')}`,
      '--bip=172.29.0.1/16',
      '--storage-driver=overlay2',
      `--insecure-registry=${options.insecureRegistry}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const call = unixTransport(socket);
  while (!existsSync(socket) || (await call({ method: 'GET', path: '/_ping' })).status !== 200) {
    if (child.exitCode !== null) throw new Error(`dockerd ended with ${child.exitCode}:\n${errors}`);
    await delay(100);
  }
  return {
    name: 'dockerd',
    socket,
    async [Symbol.asyncDispose]() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
