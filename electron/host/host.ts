import { EventEmitter } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostState } from './api/machine.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { writeDockerContext } from './docker-context.ts';
import { type HostFiles, hostFiles } from './files.ts';
import { HostServer } from './http/server.ts';
import { Sessions } from './http/session.ts';
import { HostLock } from './lock.ts';
import type { MachineDriver } from './machine/driver.ts';
import { StartHistory } from './machine/history.ts';
import { LocalDriver } from './machine/local.ts';
import { Machine } from './machine/machine.ts';
import { QemuDriver } from './machine/qemu.ts';
import type { HostOptions } from './options.ts';
import { SettingsStore } from './settings.ts';
import { hostVersion } from './version.ts';

/** Format of the data directory; an unknown newer one is left alone. */
const dataFormat = 1;

interface HostParts {
  lock: HostLock;
  server: HostServer;
  machine: Machine;
  files: HostFiles;
  ended: PromiseWithResolvers<void>;
}

/**
 * The one background process of a desktop user: settings, one machine, and the HTTP surface. It owns every file of
 * files.ts from `open` until `close`.
 */
export class Host {
  readonly port: number;
  /** Settles when somebody asked the host to end and it has. */
  readonly ended: Promise<void>;
  readonly #lock: HostLock;
  readonly #server: HostServer;
  readonly #machine: Machine;
  readonly #files: HostFiles;
  readonly #end: () => void;

  private constructor(parts: HostParts) {
    this.port = parts.server.port;
    this.ended = parts.ended.promise;
    this.#end = parts.ended.resolve;
    this.#lock = parts.lock;
    this.#server = parts.server;
    this.#machine = parts.machine;
    this.#files = parts.files;
  }

  /** Takes the lock, finds a machine left running, and listens. Throws AlreadyRunning when there is a host. */
  static async open(options: HostOptions): Promise<Host> {
    const files = hostFiles(options, options.instance);
    prepareDirectories(files);
    const lock = HostLock.take(files.lock);
    try {
      return await openLocked(options, files, lock, (parts) => new Host(parts));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Ends the host; the machine goes on running unless it is to be stopped too. */
  async close({ stopMachine }: { stopMachine: boolean }): Promise<void> {
    if (stopMachine) await this.#machine.stop();
    else await this.#machine.release();
    await this.#server.close();
    if (stopMachine) rmSync(this.#files.sessions, { force: true });
    this.#lock.release();
    this.#end();
  }
}

async function openLocked(
  options: HostOptions,
  files: HostFiles,
  lock: HostLock,
  make: (parts: HostParts) => Host,
): Promise<Host> {
  const startedAtMs = Date.now();
  const settings = new SettingsStore(files.settings);
  const changes = new EventEmitter().setMaxListeners(0);
  const machine = new Machine({
    name: options.instance,
    driver: chooseDriver(options, files, settings),
    history: new StartHistory(files.machine.history),
    dockerSocketPath: files.dockerSocket,
    serialLogPath: files.machine.serialLog,
    daemonJson: () => `${JSON.stringify(settings.read().engine, null, 2)}\n`,
    changed: () => changes.emit('change'),
  });
  const desktop = process.platform as HostState['host']['desktop'];
  const version = hostVersion();
  let pageOpenedAtMs: number | undefined;
  const server = new HostServer({
    state: () => ({
      host: {
        ...{ version, pid: process.pid, startedAtMs, desktop },
        ...(pageOpenedAtMs === undefined ? {} : { pageOpenedAtMs }),
      },
      machine: machine.state(),
    }),
    watch: (listener) => {
      changes.on('change', listener);
      return () => changes.off('change', listener);
    },
    machine: {
      start: () => machine.start(),
      stop: () => void machine.stop(),
      restart: () => machine.restart(),
      reconnect: () => machine.reconnect(),
      recheckAccelerator: () => machine.recheckAccelerator(),
      restartEngine: () => machine.restartEngine(),
      log: (source, offset) => machine.log(source, offset),
    },
    settings,
    engine: () => machine.engineWay(),
    quit: () => void host.close({ stopMachine: true }),
    pageOpened: () => {
      pageOpenedAtMs = Date.now();
      changes.emit('change');
    },
    sessions: new Sessions(files.sessions),
    rendererDir: options.rendererDir,
  });
  rmSync(files.hostSocket, { force: true });
  await server.open({ socketPath: files.hostSocket, port: options.port || (lock.earlierPort ?? 0) });
  lock.publish(server.port);
  const host = make({ lock, server, machine, files, ended: Promise.withResolvers<void>() });
  writeDockerContext({ instance: options.instance, dockerSocket: files.dockerSocket });
  await machine.adopt();
  return host;
}

function chooseDriver(options: HostOptions, files: HostFiles, settings: SettingsStore): MachineDriver {
  const kind = options.machine ?? settings.read().machine.kind;
  if (kind === 'qemu') {
    return new QemuDriver({ files, instance: options.instance, settings: () => settings.read().machine });
  }
  if (kind !== 'local') {
    throw new Error(`this version has no machine of the kind "${kind}"; set qemu or local`);
  }
  return new LocalDriver({
    files,
    instance: options.instance,
    engineProgram: options.engineProgram ?? defaultEngine(files),
    root: options.engineRoot,
    run: options.engineRun,
  });
}

/** The bundle where it is built, else the sources beside it. */
function defaultEngine(files: HostFiles): string {
  if (existsSync(files.bundle.manifest)) return files.bundle.engine;
  return join(dirname(dirname(files.bundle.dir)), 'engine/main.ts');
}

/** Makes the directories 0700 and checks the data's format. Throws with a sentence. */
function prepareDirectories(files: HostFiles): void {
  mkdirSync(files.machine.dir, { recursive: true, mode: 0o700 });
  mkdirSync(files.runtimeDir, { recursive: true, mode: 0o700 });
  const owner = lstatSync(files.runtimeDir);
  // The fall-back lies in a directory where everybody may make one of that name first.
  if (!owner.isDirectory() || (process.getuid && owner.uid !== process.getuid()) || owner.mode & 0o022) {
    throw new Error(`${files.runtimeDir} belongs to somebody else or is open to others; remove it`);
  }
  mkdirSync(dirname(files.lock), { recursive: true, mode: 0o700 });
  if (!existsSync(files.format)) writeFileAtomic(files.format, `${dataFormat}\n`);
  const format = Number(readFileSync(files.format, 'utf8'));
  if (format !== dataFormat) {
    throw new Error(
      `${files.dataDir} has format ${format}; this Berth knows format ${dataFormat}. Use a newer Berth, or another --data-dir.`,
    );
  }
}
