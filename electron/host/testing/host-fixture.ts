import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostState, MachineState } from '../api/machine.ts';
import { Host } from '../host.ts';
import { hostOptions } from '../options.ts';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A real host in this process over the local machine with the tiny engine, in directories of its own. */
export async function openTestHost(extra: Parameters<typeof hostOptions>[0] = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'berth-host-'));
  const rendererDir = join(dir, 'renderer');
  mkdirSync(join(rendererDir, 'assets'), { recursive: true });
  writeFileSync(join(rendererDir, 'index.html'), '<!doctype html><title>Berth</title>');
  writeFileSync(join(rendererDir, 'assets', 'app-1.js'), 'console.log(1)');
  writeFileSync(join(dir, 'secret.txt'), 'not served');
  process.env.DOCKER_CONFIG = join(dir, 'docker');
  const options = hostOptions({
    'data-dir': join(dir, 'data'),
    'runtime-dir': join(dir, 'run'),
    'renderer-dir': rendererDir,
    machine: 'local',
    instance: 't-host',
    'engine-program': fileURLToPath(new URL('./tiny-engine.ts', import.meta.url)),
    'engine-root': join(dir, 'root'),
    'engine-run': join(dir, 'engine'),
    ...extra,
  });
  const open = () => Host.open(options);
  const host = await open();
  const socketPath = join(dir, 'run', 't-host', 'host.sock');
  const ask = (path: string, method = 'GET', body?: unknown) => call({ socketPath, path, method }, body);
  const state = async () => JSON.parse((await ask('/api/state')).body) as HostState;
  return {
    dir,
    host,
    open,
    options,
    socketPath,
    dockerSocket: join(dir, 'run', 't-host', 'docker.sock'),
    ask,
    state,
    /** Waits until the machine's state is as wanted, by the host's own watch stream. */
    machine: (wanted: (machine: MachineState) => boolean) => watchUntil(socketPath, wanted),
    async [Symbol.asyncDispose]() {
      await host.close({ stopMachine: true });
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** One HTTP call with every header in the caller's hands. */
export function call(
  where: {
    socketPath?: string;
    port?: number;
    path: string;
    method?: string;
    headers?: Record<string, string>;
  },
  body?: unknown,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', ...where }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Resolves with the first machine state for which the condition holds. */
export async function watchUntil(
  socketPath: string,
  wanted: (machine: MachineState) => boolean,
): Promise<MachineState> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`ws+unix://${socketPath}:/api/watch`, ['berth']);
  return await new Promise((resolve, reject) => {
    let last = 'no state';
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the host went away; last: ${last}`)));
    socket.on('message', (data) => {
      last = data.toString();
      const { machine } = JSON.parse(last) as HostState;
      if (!wanted(machine)) return;
      resolve(machine);
      socket.terminate();
    });
  });
}
