import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addon } from '../native/addon/load.ts';
import type { ContainerFiles } from '../store/files.ts';
import { removeGroup } from './cgroup-remains.ts';
import { DirectOutput } from './direct-output.ts';
import { type LogListener, type LogListenOptions, LogNotices } from './log-notices.ts';
import type { ExecOptions, ExitStatus, RunningShim, ShimExec } from './runtime.ts';
import { parseBody, type ShimConnection, ShimLostError } from './shim-connection.ts';
import { asStartError } from './shim-failure.ts';
import { type ExitRecord, type Hello, maxBodyBytes, messageType, type ShimMessage } from './shim-messages.ts';
import { shimEnded } from './shim-process.ts';
import { ExecSession, SessionInput } from './shim-session.ts';

const sigkill = 9;

/** A container with its shim, over one connection. */
export class ConnectedShim implements RunningShim {
  readonly id: string;
  readonly pid: number;
  readonly phase: RunningShim['phase'];
  readonly exited: Promise<ExitStatus>;
  readonly stdin: SessionInput | undefined;
  readonly output: DirectOutput | undefined;
  /** Settles when the shim has ended and nothing of this run is left; never rejects. */
  readonly gone: Promise<void>;
  readonly #cgroup: string;
  /** The shim was told to end: it cleans up itself. */
  #dismissed = false;
  #connection: ShimConnection;
  #files: ContainerFiles;
  #exit = Promise.withResolvers<ExitStatus>();
  #execs = new Map<number, ExecSession>();
  #adopted = new Map<string, ExecSession>();
  #log: LogNotices;

  constructor(options: {
    id: string;
    pid: number;
    phase: RunningShim['phase'];
    connection: ShimConnection;
    files: ContainerFiles;
    cgroup: string;
    stdin: boolean;
    /** Its output goes to a log; else it comes over the connection. */
    logged: boolean;
    exit?: ExitRecord | undefined;
  }) {
    this.id = options.id;
    this.pid = options.pid;
    this.phase = options.phase;
    this.#connection = options.connection;
    this.#files = options.files;
    this.#cgroup = options.cgroup;
    this.exited = this.#exit.promise;
    this.#log = new LogNotices(options.connection, 0);
    this.output = options.logged ? undefined : new DirectOutput(options.connection);
    this.stdin = options.stdin ? new SessionInput(options.connection, 0) : undefined;
    if (options.exit) this.#ended(options.exit);
    const pidfd = options.exit ? undefined : openProcess(options.pid);
    this.#connection.onNotice((message) => this.#take(message));
    this.gone = this.#connection.closed.then(() => this.#lost(pidfd));
  }

  async start(): Promise<void> {
    try {
      await this.#connection.request(messageType.start, {});
    } catch (error) {
      const failure = await asStartError(error, { config: this.#files.config });
      await this.delete();
      throw failure;
    }
  }

  async signal(signal: number, { all = false } = {}): Promise<void> {
    await this.#connection.request(messageType.signal, { signal, all, session: 0 });
  }

  async resize({ rows, columns }: { rows: number; columns: number }): Promise<void> {
    await this.#connection.request(messageType.resize, { session: 0, rows, columns });
  }

  onLog(listener: LogListener, options?: LogListenOptions): () => void {
    return this.#log.onLog(listener, options);
  }

  hold(): () => void {
    return this.#log.hold();
  }

  async exec(options: ExecOptions): Promise<ShimExec> {
    const { execId, process, stdin, terminal, detached = false, log } = options;
    const body = { execId, process, terminal, stdin, output: !detached, ...(log ? { log } : {}) };
    if (Buffer.byteLength(JSON.stringify(body)) > maxBodyBytes) return await this.#execByFile(options, body);
    return await this.#exec(body, options);
  }

  async delete(): Promise<void> {
    this.#dismissed = true;
    await this.#connection.request(messageType.delete, {}).catch(ignoreLost);
    await this.#connection.closed;
  }

  async release(): Promise<void> {
    this.#dismissed = true;
    await this.#connection.request(messageType.release, {}).catch(ignoreLost);
  }

  get execs(): ReadonlyMap<string, ShimExec> {
    return this.#adopted;
  }

  /**
   * Takes over the execs that an earlier engine had started. Those with a log go on as they were, and end as they
   * would; the others are let go: nobody reads them, and they must not block.
   */
  adoptExecs(execs: NonNullable<Hello['execs']>): void {
    for (const { session, execId, pid, exitCode, log } of execs) {
      if (exitCode !== undefined && !log) continue;
      const connection = this.#connection;
      const logged = log !== undefined;
      const exec = new ExecSession({ connection, session, pid, stdin: logged, detached: false, logged });
      if (logged) this.#adopted.set(execId, exec);
      else exec.abandon();
      this.#execs.set(session, exec);
    }
  }

  async #exec(body: object, options: ExecOptions): Promise<ExecSession> {
    try {
      return await this.#connection.request(messageType.exec, body, (answer) => {
        const { session, pid } = answer as { session: number; pid: number };
        const { stdin, detached = false, log } = options;
        const connection = this.#connection;
        const logged = log !== undefined;
        const exec = new ExecSession({ connection, session, pid, stdin, detached, logged });
        this.#execs.set(session, exec);
        return exec;
      });
    } catch (error) {
      throw await asStartError(error, { process: options.process });
    }
  }

  #take(message: ShimMessage): void {
    if (message.type === messageType.log) this.#logGrew(parseBody(message));
    else if (message.type === messageType.exit) this.#ended(parseBody<ExitRecord>(message));
    else if (message.type === messageType.output) this.#takeOutput(message);
    else if (message.type === messageType.outputEnd) this.output?.end();
    else if (message.type === messageType.execExit) this.#execEnded(parseBody(message));
    else if (message.type === messageType.stdinCredit) this.#welcome(parseBody(message));
  }

  /** Shims of the first release name no session: theirs is the container's. */
  #logGrew({ session = 0 }: { session?: number }): void {
    const notices = session === 0 ? this.#log : this.#execs.get(session)?.log;
    notices?.take();
  }

  #takeOutput({ id, body }: ShimMessage): void {
    if (id === 0) this.output?.take(body);
    else this.#execs.get(id)?.takeOutput(body);
  }

  #execEnded({ session, exitCode }: { session: number; exitCode: number }): void {
    this.#execs.get(session)?.takeExit(exitCode);
    this.#execs.delete(session);
  }

  #welcome({ session, bytes }: { session: number; bytes: number }): void {
    const input = session === 0 ? this.stdin : this.#execs.get(session)?.stdin;
    input?.welcome(bytes);
  }

  #ended({ exitCode, signal, oomKilled, finishedAt, usage, lost }: ExitRecord & { lost?: true }): void {
    this.stdin?.stop();
    this.#exit.resolve({
      exitCode,
      signal,
      oomKilled,
      finishedAt,
      ...(usage === undefined ? {} : { usage }),
      ...(lost === undefined ? {} : { lost }),
    });
  }

  /**
   * The connection broke. A shim that lives on (another engine took it over) is waited for; once it has gone its record
   * tells the exit, and a container without shim and record is ended.
   */
  async #lost(pidfd: number | undefined): Promise<void> {
    for (const exec of this.#execs.values()) exec.takeExit(255);
    this.#execs.clear();
    await shimEnded(this.#files.shimState);
    const record = await readExitRecord(this.#files.exit);
    if (pidfd !== undefined) {
      if (!record) await endProcess(pidfd);
      addon.closeFd(pidfd);
    }
    this.#ended(record ?? lostRecord(this.pid));
    await this.#clear().catch(() => {});
  }

  /** What a shim that was killed left: processes of its container's cgroup, the cgroup, and its place in `run`. */
  async #clear(): Promise<void> {
    if (!this.#dismissed) await removeGroup(this.#cgroup, { kill: true });
    await rm(this.#files.run, { recursive: true, force: true });
  }

  async #execByFile(options: ExecOptions, body: object): Promise<ExecSession> {
    const { execId } = options;
    const file = join('exec', `${execId}.json`);
    const path = join(this.#files.dir, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(body), { mode: 0o600 });
    try {
      return await this.#exec({ execId, file }, options);
    } finally {
      await rm(path, { force: true });
    }
  }
}

/** Reads exit.json; undefined when the shim never wrote one. */
export async function readExitRecord(path: string): Promise<ExitRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ExitRecord;
  } catch {
    return undefined;
  }
}

function lostRecord(pid: number): ExitRecord & { lost: true } {
  const finishedAt = new Date().toISOString();
  return { pid, exitCode: 255, signal: 0, oomKilled: false, finishedAt, lost: true };
}

/** Undefined when it has ended already. */
function openProcess(pid: number): number | undefined {
  try {
    return addon.pidfdOpen(pid);
  } catch {
    return undefined;
  }
}

async function endProcess(pidfd: number): Promise<void> {
  try {
    addon.pidfdSendSignal(pidfd, sigkill);
  } catch {
    // ESRCH: it has ended.
  }
  await addon.waitPidfd(pidfd);
}

function ignoreLost(error: unknown): void {
  if (!(error instanceof ShimLostError)) throw error;
}
