import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectHost, hostLives } from '../../electron/cli/host-process.ts';
import type { HostClient } from '../../electron/host/api/client.ts';
import type { MachineState } from '../../electron/host/api/machine.ts';
import { type HostFiles, hostFiles } from '../../electron/host/files.ts';
import { readLock } from '../../electron/host/lock.ts';
import { hostOptions } from '../../electron/host/options.ts';
import { watchUntil } from '../../electron/host/testing/host-fixture.ts';
import { type CommandResult, DockerCommand, runCommand } from '../docker-command.ts';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where a test's host and machine keep everything; enough to find them again from another process. */
export interface MachinePlace {
  directory: string;
  instance: string;
}

/** Options of the host beyond its directories, and settings to begin with. */
export interface MachineOptions {
  imageDir?: string;
  settings?: Record<string, unknown>;
}

/** A real host with a machine of its own, driven through its front doors: the berth command, the sockets, the port. */
export class TestMachine {
  readonly place: MachinePlace;
  readonly files: HostFiles;
  readonly docker: DockerCommand;
  readonly host: HostClient;
  readonly #arguments: string[];

  constructor(place: MachinePlace, { imageDir, settings }: MachineOptions = {}) {
    const { directory, instance } = place;
    this.place = place;
    const values = {
      instance,
      'data-dir': join(directory, 'data'),
      'runtime-dir': join(directory, 'run'),
      ...(imageDir === undefined ? {} : { 'image-dir': imageDir }),
    };
    this.#arguments = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
    this.files = hostFiles(hostOptions(values), instance);
    this.docker = new DockerCommand({ socket: this.files.dockerSocket, directory });
    this.host = connectHost(this.files);
    if (settings === undefined) return;
    mkdirSync(this.files.dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(this.files.settings, JSON.stringify(settings));
  }

  /** A machine in a new directory; dispose of it, or end it with `remove`. */
  static make(instance: string, options: MachineOptions = {}): TestMachine {
    return new TestMachine({ directory: mkdtempSync(join(tmpdir(), 'berth-m-')), instance }, options);
  }

  /** Runs the berth command; `env` over the tests' own. */
  berth(words: string[], env: Record<string, string> = {}): Promise<CommandResult> {
    const command = [join(projectDir, 'electron/cli/main.ts'), ...words, ...this.#arguments];
    // No display: nothing may open a window.
    return runCommand(process.execPath, command, { env: { ...this.docker.env, ...env } });
  }

  /** Starts what is not running and waits until the engine answers; throws with what the command said. */
  async start(): Promise<string> {
    const done = await this.berth(['start']);
    if (done.code !== 0) throw new Error(`berth start ended with ${done.code}: ${done.stdout}${done.stderr}`);
    return done.stdout;
  }

  async state(): Promise<MachineState> {
    return (await this.host.state()).machine;
  }

  /** The first state for which the condition holds, by the host's own watch stream. */
  until(wanted: (machine: MachineState) => boolean): Promise<MachineState> {
    return watchUntil(this.files.hostSocket, wanted);
  }

  /** A page's address with its one-time token, and the port alone. */
  async page(): Promise<{ url: string; token: string; port: number }> {
    const { url, token } = await this.host.openPage();
    return { url, token, port: Number(new URL(url).port) };
  }

  /** Pid of the host's process; throws where none lives. */
  hostPid(): number {
    const lock = readLock(this.files.lock);
    if (!lock || !hostLives(this.files)) throw new Error('no host lives');
    return lock.pid;
  }

  /** Pid of QEMU, as the host wrote it down. */
  qemuPid(): number {
    return (JSON.parse(readFileSync(this.files.machine.running, 'utf8')) as { pid: number }).pid;
  }

  /** The machine's serial line since its last start. */
  serialLog(): string {
    return readFileSync(this.files.machine.serialLog, 'latin1');
  }

  /** Stops machine and host and removes their directories. */
  async remove(): Promise<void> {
    if (hostLives(this.files)) await this.berth(['stop', '--host']);
    rmSync(this.place.directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
