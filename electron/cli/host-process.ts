import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { Agent } from 'node:http';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HostClient, hostClient } from '../host/api/client.ts';
import type { HostFiles } from '../host/files.ts';
import { readLock } from '../host/lock.ts';
import { agentTransport } from '../host/machine/engine-watch.ts';
import { isAlive } from '../host/process-identity.ts';

/** A client of the host over its unix socket. Calls reject with ENOENT or ECONNREFUSED when there is no host. */
export function connectHost(files: HostFiles): HostClient {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => createConnection(files.hostSocket);
  return hostClient(agentTransport(agent));
}

/** Whether a host of this user and instance lives. */
export function hostLives(files: HostFiles): boolean {
  const lock = readLock(files.lock);
  return lock !== undefined && lock.port !== 0 && isAlive(lock);
}

/**
 * The host, started in the background when there is none. It outlives this process; its words go to host.log.
 * Rejects with the place of the log when it ends before it is ready.
 */
export async function ensureHost(files: HostFiles, hostArguments: string[]): Promise<HostClient> {
  if (!hostLives(files)) await startHost(files, hostArguments);
  return connectHost(files);
}

function startHost(files: HostFiles, hostArguments: string[]): Promise<void> {
  mkdirSync(dirname(files.hostLog), { recursive: true });
  const log = openSync(files.hostLog, 'a', 0o600);
  const child = spawn(process.execPath, [hostProgram(), ...hostArguments], {
    detached: true,
    // The channel carries one word, 'ready', and is closed by the host then.
    stdio: ['ignore', log, log, 'ipc'],
    // Electron's program is Node with this.
    env: process.versions.electron ? { ...process.env, ELECTRON_RUN_AS_NODE: '1' } : process.env,
  });
  return new Promise((resolve, reject) => {
    child.once('message', () => {
      child.disconnect();
      child.unref();
      resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      // 3: another one was quicker, which serves as well.
      if (code === 3) resolve();
      else reject(new Error(`The host ended at its start (status ${code}). Its log: ${files.hostLog}`));
    });
  });
}

/** The host's program: beside this file in the sources, one bundled file beside a bundled command or shell. */
function hostProgram(): string {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith('.ts')
    ? join(dirname(dirname(here)), 'host', 'main.ts')
    : join(dirname(here), 'host.mjs');
}
