import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import type { Terminal, TerminalRequest } from '../api/terminals.ts';
import { asBerthError, BerthError, isErrno } from '../errors.ts';
import { planExecProcess } from '../runtime/bundle-process.ts';
import type { LogChunk, ShimExec } from '../runtime/runtime.ts';
import { readJson, writeJson } from '../store/json-file.ts';
import type { Container, Run } from './container.ts';
import { nowText } from './container-state.ts';
import { notRunning } from './freezer.ts';
import type { ContainerParts } from './parts.ts';

/** What is kept of a terminal's output: up to two segments of this size. */
const keptLog = { maxBytes: 1_048_576, maxFiles: 2 };
/** In a container, ended ones included; the oldest that has ended makes room. */
const maxTerminals = 64;
/** Tried in this order where no command was asked for. */
const shells = [['bash'], ['sh']];
const sighup = 1;
const sigkill = 9;
/** Between the two: a shell ends its jobs meanwhile. */
const hangupMs = 1000;
/** Exit code of one whose end nobody saw. */
const lostExitCode = 255;

interface OpenTerminal {
  container: Container;
  record: Terminal;
  /** Undefined once it has ended. */
  exec: ShimExec | undefined;
  /** Settles when its end is recorded. */
  ended: Promise<void>;
}

/** The terminals of all containers. Facts lie beside their output, files.terminal; the shim keeps them running. */
export class Terminals {
  readonly #parts: ContainerParts;
  readonly #open = new Map<string, OpenTerminal>();

  constructor(parts: ContainerParts) {
    this.#parts = parts;
  }

  list(): Terminal[] {
    const all = [...this.#open.values()].map(({ record }) => record);
    return all.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }

  get(id: string): Terminal {
    return this.#get(id).record;
  }

  /** Opens a terminal in a running container. */
  async create(container: Container, request: TerminalRequest): Promise<Terminal> {
    await this.#makeRoom(container);
    const candidates = request.command ? [request.command] : shells;
    for (const [index, command] of candidates.entries()) {
      try {
        return await this.#start(container, command, request);
      } catch (error) {
        const next = asBerthError(error).code === 'command-not-found' && index + 1 < candidates.length;
        if (!next) throw error;
      }
    }
    throw new Error('no command was tried');
  }

  async #start(container: Container, command: string[], request: TerminalRequest): Promise<Terminal> {
    const id = randomBytes(16).toString('hex');
    const { config, hostConfig } = container.definition;
    const process = planExecProcess({
      config,
      hostConfig,
      hostname: config.Hostname ?? '',
      host: this.#parts.host,
      exec: {
        Cmd: command,
        Tty: true,
        ConsoleSize: [request.rows, request.columns],
        Env: ['TERM=xterm-256color', 'COLORTERM=truecolor', ...(request.environment ?? [])],
        ...(request.user ? { User: request.user } : {}),
        ...(request.workingDirectory ? { WorkingDir: request.workingDirectory } : {}),
      },
    });
    const { shim } = this.#runOf(container);
    const options = { execId: id, process, stdin: true, terminal: true, log: keptLog };
    const exec = await shim.exec(options).catch(async (error) => {
      await this.#discard(container, id);
      throw error;
    });
    const record: Terminal = {
      id,
      containerId: container.id,
      command,
      user: request.user ?? '',
      startedAt: nowText(),
      running: true,
      exitCode: null,
    };
    this.#add(container, record, exec);
    await this.#write(container, record);
    return record;
  }

  #runOf(container: Container): Run {
    if (container.run === undefined) throw notRunning(container);
    if (!container.state.paused) return container.run;
    const message = `container ${container.name} is paused, unpause the container before exec`;
    throw new BerthError('container-paused', message, { id: container.id });
  }

  #add(container: Container, record: Terminal, exec: ShimExec): void {
    const ended = exec.exited.then(({ exitCode }) => this.#ended(record.id, exitCode));
    this.#set({ container, record, exec, ended });
  }

  /** A container that is removed takes its terminals with it. */
  #set(terminal: OpenTerminal): void {
    const { id } = terminal.record;
    this.#open.set(id, terminal);
    terminal.container.signals.once('removed', () => this.#open.delete(id));
  }

  async #ended(id: string, exitCode: number): Promise<void> {
    const terminal = this.#open.get(id);
    if (terminal === undefined) return;
    terminal.record = { ...terminal.record, running: false, exitCode };
    terminal.exec = undefined;
    await this.#write(terminal.container, terminal.record);
  }

  async #write(container: Container, record: Terminal): Promise<void> {
    try {
      await writeJson(container.files.terminal(record.id), record, { durable: false });
    } catch (error) {
      if (!container.removed) this.#parts.log(`terminal ${record.id}: its record was not written`, error);
    }
  }

  /** What was printed so far, as far as it is kept, and what comes. */
  output(id: string, signal: AbortSignal): AsyncGenerator<LogChunk> {
    const { container, exec } = this.#get(id);
    const { log, exited } = exec ?? {};
    const follow = log && {
      onLog: log.onLog.bind(log),
      hold: log.hold.bind(log),
      ended: exited ?? Promise.resolve(),
    };
    return this.#parts.openLog(container.files.execLog(id)).read({
      from: 'start',
      signal,
      ...(follow ? { follow } : {}),
    });
  }

  /** The running process; throws container-not-running for one that has ended. */
  process(id: string): ShimExec {
    const { exec } = this.#get(id);
    if (exec) return exec;
    throw new BerthError('container-not-running', `terminal ${id} is not running`, { id });
  }

  /** Hangs up and forgets. */
  async end(id: string): Promise<void> {
    const terminal = this.#get(id);
    const { container, exec, ended } = terminal;
    if (exec) {
      await exec.signal(sighup).catch(() => {});
      const timer = setTimeout(() => void exec.signal(sigkill).catch(() => {}), hangupMs);
      await ended;
      clearTimeout(timer);
    }
    this.#open.delete(id);
    await this.#discard(container, id);
  }

  /** Reads what an earlier engine recorded, and takes over what runs. */
  async adopt(container: Container): Promise<void> {
    for (const id of await names(container.files.execs)) {
      const record = (await readJson(container.files.terminal(id)).catch(() => undefined)) as
        | Terminal
        | undefined;
      const exec = container.run?.shim.execs.get(id);
      if (record === undefined) await this.#discard(container, id);
      else if (exec && record.running) this.#add(container, record, exec);
      else {
        const exitCode = record.exitCode ?? lostExitCode;
        const ended = { ...record, running: false, exitCode };
        this.#set({ container, record: ended, exec: undefined, ended: Promise.resolve() });
      }
    }
  }

  async #makeRoom(container: Container): Promise<void> {
    const own = [...this.#open.values()].filter((terminal) => terminal.container === container);
    if (own.length < maxTerminals) return;
    const oldest = own.find(({ exec }) => exec === undefined);
    if (oldest) return await this.end(oldest.record.id);
    const message = `container ${container.name} has ${own.length} terminals already: end one of them first`;
    throw new BerthError('bad-parameter', message, { id: container.id, terminals: own.length });
  }

  async #discard(container: Container, id: string): Promise<void> {
    await rm(container.files.execLog(id), { recursive: true, force: true });
  }

  #get(id: string): OpenTerminal {
    const terminal = this.#open.get(id);
    if (terminal) return terminal;
    throw new BerthError('exec-not-found', `No such terminal: ${id}`, { id });
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}
