import { randomBytes } from 'node:crypto';
import type { ExecInspect, ExecRequest } from '../api/containers.ts';
import { asBerthError, BerthError } from '../errors.ts';
import { planExecProcess } from '../runtime/bundle-process.ts';
import type { ShimExec } from '../runtime/runtime.ts';
import type { Container, Run } from './container.ts';
import { publishContainer } from './container-events.ts';
import { notRunning } from './freezer.ts';
import type { ContainerParts } from './parts.ts';

/** Ended sessions that are still answered to `exec inspect`; the docker CLI asks right after the end. */
const keptEnded = 256;

export interface ExecSession {
  readonly id: string;
  readonly container: Container;
  readonly request: ExecRequest;
  process: ShimExec | undefined;
  started: boolean;
  running: boolean;
  exitCode: number | null;
  pid: number;
}

/** The exec sessions of all containers. They live in memory: an exec does not outlive its client's engine. */
export class Execs {
  readonly #parts: ContainerParts;
  readonly #sessions = new Map<string, ExecSession>();

  constructor(parts: ContainerParts) {
    this.#parts = parts;
  }

  /** Registers a command for a running container; it runs at `start`. */
  create(container: Container, request: ExecRequest): string {
    this.#runOf(container);
    if ((request.Cmd ?? []).length === 0) throw new BerthError('no-command', 'No exec command specified');
    const id = randomBytes(32).toString('hex');
    this.#sessions.set(id, {
      id,
      container,
      request,
      process: undefined,
      started: false,
      running: false,
      exitCode: null,
      pid: 0,
    });
    container.execIds.add(id);
    publishContainer(this.#parts.events, container, `exec_create: ${(request.Cmd ?? []).join(' ')}`, {
      execID: id,
    });
    return id;
  }

  get(id: string): ExecSession {
    const session = this.#sessions.get(id);
    if (session === undefined) {
      throw new BerthError('exec-not-found', `No such exec instance: ${id}`, { id });
    }
    return session;
  }

  #runOf(container: Container): Run {
    if (container.run === undefined) throw notRunning(container);
    if (container.state.paused) {
      throw new BerthError(
        'container-paused',
        `container ${container.name} is paused, unpause the container before exec`,
        { id: container.id },
      );
    }
    return container.run;
  }

  /** Checks that the session can start, before its connection is taken over. */
  check(session: ExecSession): void {
    if (session.started) {
      const text = session.running
        ? `exec session ${session.id} is already running`
        : `exec session ${session.id} has already run`;
      throw new BerthError('exec-already-ran', text, { id: session.id });
    }
    this.#runOf(session.container);
  }

  /** Starts the session's process. A failure is kept as its exit code (126, 127), and thrown. */
  async start(session: ExecSession, options: { detached: boolean }): Promise<ShimExec> {
    this.check(session);
    session.started = true;
    const { container, request } = session;
    const { config, hostConfig } = container.definition;
    try {
      const run = this.#runOf(container);
      const process = planExecProcess({
        config,
        hostConfig,
        hostname: config.Hostname ?? '',
        host: this.#parts.host,
        exec: request,
      });
      const started = await run.shim.exec({
        execId: session.id,
        process,
        stdin: !options.detached && (request.AttachStdin ?? false),
        terminal: request.Tty ?? false,
        detached: options.detached,
      });
      session.process = started;
      session.running = true;
      session.pid = started.pid;
      publishContainer(this.#parts.events, container, `exec_start: ${(request.Cmd ?? []).join(' ')}`, {
        execID: session.id,
      });
      void started.exited.then(({ exitCode }) => this.#ended(session, exitCode));
      return started;
    } catch (thrown) {
      const error = asBerthError(thrown);
      const codes: Record<string, number> = { 'command-not-found': 127, 'command-not-executable': 126 };
      this.#close(session, codes[error.code] ?? 126);
      throw error;
    }
  }

  #ended(session: ExecSession, exitCode: number): void {
    this.#close(session, exitCode);
    publishContainer(this.#parts.events, session.container, 'exec_die', {
      execID: session.id,
      exitCode: String(exitCode),
    });
  }

  #close(session: ExecSession, exitCode: number): void {
    session.running = false;
    session.exitCode = exitCode;
    session.process = undefined;
    session.container.execIds.delete(session.id);
    const ended = [...this.#sessions.values()].filter((other) => other.started && !other.running);
    for (const old of ended.slice(0, Math.max(0, ended.length - keptEnded))) this.#sessions.delete(old.id);
  }

  /** Forgets the sessions of a container that is gone. */
  forget(container: Container): void {
    for (const session of this.#sessions.values()) {
      if (session.container === container) this.#sessions.delete(session.id);
    }
  }

  inspect(session: ExecSession): ExecInspect {
    const { request } = session;
    const [entrypoint = '', ...args] = request.Cmd ?? [];
    return {
      ID: session.id,
      Running: session.running,
      ExitCode: session.exitCode,
      ProcessConfig: {
        tty: request.Tty ?? false,
        entrypoint,
        arguments: args,
        privileged: request.Privileged ?? false,
        ...(request.User ? { user: request.User } : {}),
      },
      OpenStdin: request.AttachStdin ?? false,
      OpenStderr: request.AttachStderr ?? false,
      OpenStdout: request.AttachStdout ?? false,
      CanRemove: false,
      ContainerID: session.container.id,
      DetachKeys: request.DetachKeys ?? '',
      Pid: session.pid,
    };
  }
}
