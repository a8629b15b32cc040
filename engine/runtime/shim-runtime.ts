import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { BerthError, isErrno } from '../errors.ts';
import { addon, nativePath } from '../native/addon/load.ts';
import type { ContainerFiles } from '../store/files.ts';
import { ConnectedShim } from './running-shim.ts';
import type { CreateOptions, Runtime, RuntimeOptions } from './runtime.ts';
import { ShimConnection } from './shim-connection.ts';
import { asStartError } from './shim-failure.ts';
import { messageType } from './shim-messages.ts';

/** The runtime that speaks to one berth-shim a container (docs/shim-protocol.md). */
export function openRuntime(options: RuntimeOptions): Runtime {
  return {
    create: (request) => create(options, request),
    adopt: (request) => adopt(options, request),
  };
}

async function create(options: RuntimeOptions, request: CreateOptions): Promise<ConnectedShim> {
  const files = options.files.container(request.id);
  await prepareFiles(files, request);
  await spawnShim(options, request, files);
  const connection = new ShimConnection(files.shimSocket);
  try {
    await connection.hello;
    const { stdin, stdinOnce, terminal, log } = request;
    const answer = await connection.request(messageType.create, { terminal, stdin, stdinOnce, log });
    const { pid } = answer as { pid: number };
    const logged = log.driver !== 'none';
    return new ConnectedShim({ id: request.id, pid, phase: 'created', connection, files, stdin, logged });
  } catch (error) {
    const failure = await asStartError(error, { config: files.config });
    await connection.request(messageType.delete, {}).catch(() => {});
    await connection.closed;
    throw failure;
  }
}

async function adopt(
  options: RuntimeOptions,
  { id, stdin = false }: { id: string; stdin?: boolean },
): Promise<ConnectedShim | undefined> {
  const files = options.files.container(id);
  try {
    const connection = new ShimConnection(files.shimSocket);
    const hello = await connection.hello;
    if (hello.phase === 'idle') {
      await connection.request(messageType.delete, {}).catch(() => {});
      return undefined;
    }
    const { pid = 0, phase, exit } = hello;
    const logged = hello.log !== undefined;
    const shim = new ConnectedShim({ id, pid, phase, connection, files, stdin, logged, exit });
    shim.adoptExecs(hello.execs ?? []);
    return shim;
  } catch {
    // Nobody listens, or it went while we asked: what it left behind decides.
    return undefined;
  }
}

/** What an earlier run left goes: an old exit record would be taken for this run's. */
async function prepareFiles(files: ContainerFiles, { plan }: CreateOptions): Promise<void> {
  await Promise.all([
    mkdir(files.run, { recursive: true, mode: 0o700 }),
    mkdir(files.log, { recursive: true }),
    mkdir(files.bundle, { recursive: true }),
    rm(files.exit, { force: true }),
    rm(files.shimSocket, { force: true }),
  ]);
  await writeFile(files.mountPlan, JSON.stringify(plan));
}

/** Settles when the shim listens. Rejects with start-failed and the shim's own words. */
async function spawnShim(
  options: RuntimeOptions,
  { id, cgroup }: CreateOptions,
  files: ContainerFiles,
): Promise<void> {
  const { instance } = options;
  const path = options.shimPath ?? nativePath('berth-shim');
  const [reader, writer] = addon.pipe();
  const nothing = openSync('/dev/null', 'r+');
  const log = openSync(files.shimLog, 'a', 0o600);
  const named = {
    id,
    bundle: files.bundle,
    dir: files.dir,
    run: files.run,
    cgroup: cgroup ?? `/${instance}/c/${id}`,
    'monitor-cgroup': `/${instance}/monitor`,
    'seccomp-cache': options.files.seccomp,
  };
  const words = Object.entries(named).flatMap(([name, value]) => [`--${name}`, value]);
  try {
    const child = addon.spawn({
      path,
      args: ['berth-shim', ...words],
      env: [],
      fds: [nothing, nothing, log, writer],
    });
    // The first process leaves the shim to pid 1 and ends at once.
    void addon.waitPidfd(child.pidfd);
    addon.closeFd(child.pidfd);
  } catch (error) {
    addon.closeFd(reader);
    const message = isErrno(error) ? error.message : String(error);
    throw new BerthError('start-failed', `cannot start ${path}: ${message}`, { stage: 'shim', path });
  } finally {
    for (const fd of [nothing, log]) closeSync(fd);
    addon.closeFd(writer);
  }
  await ready(reader, files);
}

async function ready(reader: number, files: ContainerFiles): Promise<void> {
  const stream = new Socket({ fd: reader, readable: true, writable: false });
  let line = '';
  for await (const chunk of stream) line += String(chunk);
  if (line.trim() === 'ok') return;
  const words = line.replace(/^error \d+ /, '').trim();
  const detail = words || (await readFile(files.shimLog, 'utf8').catch(() => '')).trim().split('\n').at(-1);
  throw new BerthError('start-failed', `the container's shim did not start: ${detail}`, { stage: 'shim' });
}
