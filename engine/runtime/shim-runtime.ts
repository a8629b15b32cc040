import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { BerthError } from '../errors.ts';
import type { ContainerFiles } from '../store/files.ts';
import { groupDirectories, removeGroup } from './cgroup-remains.ts';
import { ConnectedShim } from './running-shim.ts';
import type { AdoptOptions, CreateOptions, Runtime, RuntimeOptions } from './runtime.ts';
import { ShimConnection } from './shim-connection.ts';
import { asStartError } from './shim-failure.ts';
import { messageType } from './shim-messages.ts';
import { ShimPool } from './shim-pool.ts';
import { shimEnded } from './shim-process.ts';
import { type ShimUnit, spawnShim } from './spawn-shim.ts';

/** The runtime that speaks to one berth-shim a container (docs/shim-protocol.md). */
export function openRuntime(options: RuntimeOptions): Runtime {
  return new ShimRuntime(options);
}

class ShimRuntime implements Runtime {
  readonly #options: RuntimeOptions;
  readonly #pool: ShimPool;
  readonly #shims = new Map<string, ConnectedShim>();
  /** Containers that are being created: theirs is nobody's leftover. */
  readonly #creating = new Set<string>();

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.#pool = new ShimPool(options);
  }

  async create(request: CreateOptions): Promise<ConnectedShim> {
    const { id } = request;
    const cgroup = request.cgroup ?? this.#cgroupOf(id);
    this.#creating.add(id);
    try {
      // The shim of the run before still kills what is in the container's cgroup, and takes its socket away.
      await this.#shims.get(id)?.gone;
      const parts = { options: this.#options, pool: this.#pool };
      return this.#remember(await create(parts, { ...request, cgroup }));
    } catch (error) {
      await clear(this.#options.files.container(id), cgroup);
      throw error;
    } finally {
      this.#creating.delete(id);
    }
  }

  async adopt({ id, stdin = false, cgroup = this.#cgroupOf(id) }: AdoptOptions) {
    const shim = await adopt(this.#options, { id, stdin, cgroup });
    return shim && this.#remember(shim);
  }

  async sweep(): Promise<void> {
    const { files, instance } = this.#options;
    const groups = groupDirectories(`/${instance}/c`).flatMap(directories);
    for (const id of new Set([...directories(files.shims), ...groups])) {
      if (this.#creating.has(id) || this.#shims.has(id)) continue;
      await (await this.adopt({ id }))?.delete();
      await clear(files.container(id), this.#cgroupOf(id));
    }
  }

  warm(): void {
    this.#pool.warm();
  }

  close(): void {
    this.#pool.close();
  }

  #cgroupOf(id: string): string {
    return `/${this.#options.instance}/c/${id}`;
  }

  #remember(shim: ConnectedShim): ConnectedShim {
    this.#shims.set(shim.id, shim);
    void shim.gone.then(() => this.#shims.get(shim.id) === shim && this.#shims.delete(shim.id));
    return shim;
  }
}

function directories(path: string): string[] {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Takes away what a shim that did not end in order left. */
async function clear(files: ContainerFiles, cgroup: string): Promise<void> {
  await removeGroup(cgroup, { kill: true });
  await rm(files.run, { recursive: true, force: true });
}

async function create(
  { options, pool }: { options: RuntimeOptions; pool: ShimPool },
  request: CreateOptions & { cgroup: string },
): Promise<ConnectedShim> {
  const files = options.files.container(request.id);
  // The shim of the last run kills and removes the cgroup of this name at its own pace.
  await shimEnded(files.shimState);
  prepareFiles(files, request);
  const { id, stdin, stdinOnce, terminal, log, cgroup } = request;
  const { bundle, dir, run } = files;
  const unit: ShimUnit = { id, bundle, dir, run, cgroup };
  const body = { terminal, stdin, stdinOnce, log };
  const connected = await fromPool(pool, { ...body, unit }, files);
  const { connection, pid } = connected ?? (await fromNothing(options, { unit, body }, files));
  const logged = log.driver !== 'none';
  return new ConnectedShim({ id, pid, phase: 'created', connection, files, cgroup, stdin, logged });
}

interface Created {
  connection: ShimConnection;
  pid: number;
}

/** Undefined when none waits, or the one that did has just ended. */
async function fromPool(pool: ShimPool, body: object, files: ContainerFiles): Promise<Created | undefined> {
  const connection = pool.take();
  if (connection === undefined) return undefined;
  try {
    return await requestCreate(connection, body, files);
  } catch (error) {
    if (error instanceof BerthError && error.code === 'shim-lost') return undefined;
    throw error;
  }
}

async function fromNothing(
  options: RuntimeOptions,
  { unit, body }: { unit: ShimUnit; body: object },
  files: ContainerFiles,
): Promise<Created> {
  await spawnShim(options, unit, { log: files.shimLog });
  const connection = new ShimConnection(files.shimSocket);
  return await requestCreate(connection, body, files);
}

async function requestCreate(
  connection: ShimConnection,
  body: object,
  files: ContainerFiles,
): Promise<Created> {
  try {
    await connection.hello;
    const { pid } = (await connection.request(messageType.create, body)) as { pid: number };
    return { connection, pid };
  } catch (error) {
    const failure = await asStartError(error, { config: files.config });
    await connection.request(messageType.delete, {}).catch(() => {});
    await connection.closed;
    throw failure;
  }
}

async function adopt(
  options: RuntimeOptions,
  { id, stdin, cgroup }: Required<AdoptOptions>,
): Promise<ConnectedShim | undefined> {
  const files = options.files.container(id);
  // Gone with the shim's orderly end, and with a reboot.
  if (!existsSync(files.run)) return undefined;
  try {
    const connection = new ShimConnection(files.shimSocket);
    const hello = await connection.hello;
    if (hello.phase === 'idle') {
      await connection.request(messageType.delete, {}).catch(() => {});
      await connection.closed;
      await clear(files, cgroup);
      return undefined;
    }
    const { pid = 0, phase, exit } = hello;
    const logged = hello.log !== undefined;
    const shim = new ConnectedShim({ id, pid, phase, connection, files, cgroup, stdin, logged, exit });
    shim.adoptExecs(hello.execs ?? []);
    return shim;
  } catch {
    // Nobody listens, or it went while we asked: what it recorded decides.
    await clear(files, cgroup);
    return undefined;
  }
}

/** What an earlier run left goes: an old exit record would be taken for this run's. */
function prepareFiles(files: ContainerFiles, { plan }: CreateOptions): void {
  mkdirSync(files.run, { recursive: true, mode: 0o700 });
  for (const directory of [files.log, files.bundle]) mkdirSync(directory, { recursive: true });
  for (const file of [files.exit, files.shimSocket]) rmSync(file, { force: true });
  writeFileSync(files.mountPlan, JSON.stringify(plan));
}
