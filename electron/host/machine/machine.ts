import type { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { MachineState, Problem } from '../api/machine.ts';
import type { EngineWay } from '../http/stream.ts';
import { Forwards } from '../ports/forwards.ts';
import { DockerSocket } from './docker-socket.ts';
import {
  asProblem,
  type LogPart,
  type MachineDriver,
  MachineProblem,
  type RunningMachine,
} from './driver.ts';
import { EngineState } from './engine-state.ts';
import { engineAgent, engineAnswers, followEvents } from './engine-watch.ts';
import type { StartHistory } from './history.ts';
import type { Link } from './link.ts';
import { readLogPart } from './log-file.ts';
import { Stages } from './stages.ts';
import { backOff, withTimeout } from './waiting.ts';

/** An engine that has not answered by then will not; emulated processors need some ten seconds for a first start. */
const engineTimeoutMs = 90_000;
/** Between a connection's end and the news that its machine has ended, where both come of one cause. */
const endGraceMs = 500;
/** For a clean stop: init gives processes 10 s, then syncs. */
const stopTimeoutMs = 25_000;

export interface MachineOptions {
  name: string;
  driver: MachineDriver;
  history: StartHistory;
  dockerSocketPath: string;
  serialLogPath: string;
  /** Contents of daemon.json as the settings want it now. */
  daemonJson: () => string;
  changed: () => void;
}

/** One life of a machine, from its start until it has ended. */
interface Life {
  abort: AbortController;
  running?: RunningMachine;
  link?: Link;
  agent?: Agent;
  dockerSocket?: DockerSocket;
  forwards?: Forwards;
  startedAtMs: number;
}

/**
 * The state machine of api/machine.ts over any driver. Commands return at once and are carried out one after another;
 * what comes of them is in `state()`, and `changed` is called at every change.
 */
export class Machine {
  readonly #options: MachineOptions;
  #phase: MachineState['phase'] = 'stopped';
  #sinceMs = Date.now();
  #problem: Problem | undefined;
  readonly #engine: EngineState;
  #stages: Stages;
  #life: Life | undefined;
  #last: RunningMachine | undefined;
  #queue: Promise<void> = Promise.resolve();
  #expectingEngineExit = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#stages = this.#newStages();
    this.#engine = new EngineState(options.changed);
  }

  state(): MachineState {
    const { name, driver, history } = this.#options;
    const running = this.#life?.running ?? this.#last;
    return {
      name,
      kind: driver.kind,
      phase: this.#phase,
      stages: this.#stages.list(),
      ...(this.#problem ? { problem: this.#problem } : {}),
      sinceMs: this.#sinceMs,
      ...(running ? { accelerator: running.accelerator, resources: running.resources } : {}),
      history: history.list(),
      engine: this.#engine.now,
      forwards: this.#life?.forwards?.list() ?? [],
    };
  }

  /** The way to the engine for requests and streams. */
  engineWay(): EngineWay {
    const life = this.#life;
    const link = life?.link;
    return { agent: link?.alive ? life?.agent : undefined, alive: () => link?.alive ?? false };
  }

  start(): void {
    this.#enqueue(async () => {
      if (this.#phase === 'degraded') await this.#connectAgain();
      else if (this.#phase === 'stopped' || this.#phase === 'failed') await this.#begin();
    });
  }

  /** Stops at once even while a start is under way. Resolves when the machine has ended. */
  stop(): Promise<void> {
    this.#life?.abort.abort(new Error('stopped'));
    return this.#enqueue(() => this.#end());
  }

  restart(): void {
    void this.stop();
    this.start();
  }

  /** Makes the connection anew, machine and engine untouched. */
  reconnect(): void {
    this.#enqueue(async () => {
      if (this.#phase === 'running' || this.#phase === 'degraded') await this.#connectAgain();
    });
  }

  /** Ends the engine and starts it again with the settings of now; containers go on running. */
  restartEngine(): void {
    this.#enqueue(async () => {
      const { running, link, abort } = this.#life ?? {};
      if (!running || !link?.alive || !abort) return;
      this.#expectingEngineExit = true;
      this.#engine.set({ phase: 'starting' });
      try {
        const daemonJson = this.#options.daemonJson();
        const { restarted } = await running.deploy(link, { signal: abort.signal, daemonJson });
        if (!restarted) await running.restartEngine(link);
      } catch (error) {
        if (!abort.signal.aborted) this.#enter('degraded', asProblem(error));
      }
    });
  }

  recheckAccelerator(): void {
    this.#options.driver.recheckAccelerator?.();
    if (this.#phase === 'stopped' || this.#phase === 'failed') this.start();
    else this.restart();
  }

  /** Takes over a machine that an earlier host left running; true when there is one. */
  adopt(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#enqueue(async () => {
        const running = await this.#options.driver.find();
        resolve(running !== undefined);
        if (running) await this.#begin(running);
      }).catch(reject);
    });
  }

  async log(source: 'serial' | 'engine', offset: number): Promise<LogPart> {
    if (source === 'serial') return readLogPart(this.#options.serialLogPath, offset);
    const { running, link } = this.#life ?? {};
    if (!running || !link?.alive) return { sizeBytes: 0, bytes: Buffer.alloc(0) };
    return running.engineLog(link, offset);
  }

  /** Lets go of the machine without stopping it: the host ends, the machine stays. */
  async release(): Promise<void> {
    this.#life?.abort.abort(new Error('released'));
    await this.#queue;
    await this.#closeConnections();
    this.#life = undefined;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch((error) => this.#enter('failed', asProblem(error)));
    return this.#queue;
  }

  async #begin(found?: RunningMachine): Promise<void> {
    const life: Life = { abort: new AbortController(), startedAtMs: Date.now() };
    this.#life = life;
    this.#last = undefined;
    this.#stages = this.#newStages(found ? 'connecting' : 'all');
    this.#engine.set({ phase: 'absent' });
    this.#enter('starting');
    const { signal } = life.abort;
    try {
      life.running = found ?? (await this.#options.driver.start({ signal, report: this.#stages }));
    } catch (error) {
      if (signal.aborted) return;
      this.#record(life, false);
      this.#life = undefined;
      this.#fail(asProblem(error), 'failed');
      return;
    }
    const { running } = life;
    void running.exited.then((problem) => this.#ended(life, problem));
    await this.#connect(life, running, true);
  }

  /** From the connection to the opened ports. A failure leaves the machine running, degraded. */
  async #connect(life: Life, running: RunningMachine, first: boolean): Promise<void> {
    const { signal } = life.abort;
    const stages = this.#stages;
    try {
      stages.begin('ssh');
      life.link = await running.connect({ signal });
      stages.done('ssh');
      stages.begin('deploy');
      const daemonJson = this.#options.daemonJson();
      const { bundle, pushedBytes } = await running.deploy(life.link, { signal, daemonJson });
      stages.done('deploy', { bundle, pushedBytes });
      stages.begin('engine');
      this.#engine.set({ phase: 'starting' });
      await this.#engineAnswers(life, life.link, running);
      stages.done('engine', { version: this.#engine.now.version ?? '' });
      stages.begin('forward');
      await this.#openForwards(life, running);
      stages.done('forward');
    } catch (error) {
      // A machine that ends takes its connections with it, and may be known to have ended a moment later only.
      await Promise.race([running.exited, delay(endGraceMs)]);
      if (signal.aborted) return;
      if (first) this.#record(life, false);
      this.#fail(asProblem(error), 'degraded');
      return;
    }
    if (first) this.#record(life, true);
    this.#enter('running');
    void this.#supervise(life, running);
  }

  async #connectAgain(): Promise<void> {
    const life = this.#life;
    if (!life?.running) return;
    life.link?.close();
    this.#stages = this.#newStages('connecting');
    this.#enter('starting');
    await this.#connect(life, life.running, false);
  }

  async #engineAnswers(life: Life, link: Link, running: RunningMachine): Promise<void> {
    life.agent?.destroy();
    const agent = engineAgent(link, running.engineSocket);
    life.agent = agent;
    const gone = new AbortController();
    void link.closed.then((problem) => gone.abort(problem ? new MachineProblem(problem) : undefined));
    const signal = AbortSignal.any([life.abort.signal, gone.signal]);
    const version = await withTimeout(engineTimeoutMs, signal, (limited) =>
      engineAnswers(agent, limited),
    ).catch(async (error) => {
      if (signal.aborted) throw signal.reason;
      const detail = await tail(running, link, (error as Error).message);
      throw new MachineProblem({
        code: 'engine-silent',
        params: { seconds: engineTimeoutMs / 1000 },
        detail,
      });
    });
    this.#expectingEngineExit = false;
    this.#engine.set({ phase: 'running', version: version.Version, socket: this.#options.dockerSocketPath });
  }

  async #openForwards(life: Life, running: RunningMachine): Promise<void> {
    if (!life.dockerSocket) {
      const openEngine = async () => {
        await this.#engine.settled();
        if (!life.link?.alive) throw new Error('the connection to the machine is lost');
        return await life.link.openSocket(running.engineSocket);
      };
      const dockerSocket = new DockerSocket({ path: this.#options.dockerSocketPath, open: openEngine });
      await dockerSocket.listen();
      life.dockerSocket = dockerSocket;
    }
    life.forwards ??= new Forwards({
      portForward: running.portForward,
      sharesDesktop: running.sharesDesktop ?? false,
      link: () => life.link,
      agent: () => life.agent,
      changed: this.#options.changed,
    });
    await life.forwards.refresh();
  }

  /** Follows the engine while the machine lives: notices its end or the connection's, and comes back when they do. */
  async #supervise(life: Life, running: RunningMachine): Promise<void> {
    const { signal } = life.abort;
    const { link, agent } = life;
    while (link && agent && !signal.aborted && life.link === link) {
      await followEvents(agent, {
        signal,
        onOpen: () => life.forwards?.touch(),
        onEvent: () => life.forwards?.touch(),
      });
      // Both ends of a broken connection are told in one turn, in an order of their own.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted || life.link !== link) return;
      if (!link.alive) return this.#reconnectUntilThere(life, running, link);
      if (!(await this.#engineLost(life, link, running))) return;
      return void this.#supervise(life, running);
    }
  }

  /** The engine's side ended: says so, has it started where nobody else does, and waits for its answer. */
  async #engineLost(life: Life, link: Link, running: RunningMachine): Promise<boolean> {
    const { signal } = life.abort;
    if (this.#expectingEngineExit) {
      this.#expectingEngineExit = false;
      this.#engine.set({ phase: 'starting' });
    } else {
      this.#engine.set({ phase: 'lost' });
      this.#enter('degraded', { code: 'engine-exited', params: {}, detail: await tail(running, link, '') });
    }
    for (;;) {
      try {
        await running.reviveEngine?.(link);
        await this.#engineAnswers(life, link, running);
        if (!signal.aborted) this.#enter('running');
        return true;
      } catch (error) {
        if (signal.aborted || life.link !== link) return false;
        if (!link.alive) {
          void this.#reconnectUntilThere(life, running, link);
          return false;
        }
        this.#enter('degraded', asProblem(error));
      }
    }
  }

  async #reconnectUntilThere(life: Life, running: RunningMachine, lost: Link): Promise<void> {
    const { signal } = life.abort;
    const problem = (await lost.closed) ?? { code: 'ssh-lost' as const, params: {} };
    for (let attempt = 1; !signal.aborted && life.link === lost; attempt++) {
      this.#engine.set({ phase: 'lost' });
      this.#enter('degraded', { ...problem, params: { ...problem.params, attempt } });
      try {
        const link = await running.connect({ signal });
        if (life.link !== lost) return link.close();
        life.link = link;
        await this.#engineAnswers(life, link, running);
        await life.forwards?.refresh();
        this.#enter('running');
        return await this.#supervise(life, running);
      } catch {
        if (life.link?.alive) life.link.close();
        if (life.link !== lost) lost = life.link as Link;
        await backOff(attempt, signal);
      }
    }
  }

  /** The machine itself ended, asked or not. */
  #ended(life: Life, problem: Problem | undefined): void {
    if (this.#life !== life || this.#phase === 'stopping') return;
    const wasStarting = this.#phase === 'starting';
    life.abort.abort(new Error('the machine ended'));
    void this.#enqueue(async () => {
      if (this.#life !== life) return;
      await this.#closeConnections();
      this.#last = life.running;
      this.#life = undefined;
      this.#engine.set({ phase: 'absent' });
      if (problem && wasStarting) this.#stages.fail(problem);
      // What failed before the end is no longer what is wrong.
      else if (this.#stages.list().some(({ state }) => state === 'failed')) this.#stages = this.#newStages();
      this.#enter(problem ? 'failed' : 'stopped', problem);
    });
  }

  async #end(): Promise<void> {
    const life = this.#life;
    if (!life) {
      if (this.#phase !== 'stopped') this.#enter('stopped');
      return;
    }
    this.#enter('stopping');
    await this.#closeConnections();
    await life.running?.stop({ timeoutMs: stopTimeoutMs });
    this.#life = undefined;
    this.#engine.set({ phase: 'absent' });
    this.#stages = this.#newStages();
    this.#enter('stopped');
  }

  async #closeConnections(): Promise<void> {
    const life = this.#life;
    await life?.forwards?.close();
    await life?.dockerSocket?.close();
    life?.agent?.destroy();
    life?.link?.close();
  }

  #fail(problem: Problem, phase: 'failed' | 'degraded'): void {
    this.#stages.fail(problem);
    this.#enter(phase, problem);
  }

  #record(life: Life, ok: boolean): void {
    const { startedAtMs, running } = life;
    const accelerator = running?.accelerator.name ?? 'none';
    this.#options.history.add(
      { startedAtMs, durationMs: Date.now() - startedAtMs, accelerator, ok },
      this.#stages.list(),
    );
  }

  #newStages(kind: 'all' | 'connecting' = 'all'): Stages {
    const { driver, history, changed } = this.#options;
    const names = driver.stages.filter((name) => kind === 'all' || connecting.has(name));
    return new Stages(names, history.usualMs(), changed);
  }

  #enter(phase: MachineState['phase'], problem?: Problem): void {
    if (phase !== this.#phase) this.#sinceMs = Date.now();
    this.#phase = phase;
    this.#problem = problem;
    this.#options.changed();
  }
}

const connecting = new Set(['ssh', 'deploy', 'engine', 'forward']);

/** The last lines of the engine's output, for a problem's technical part. */
async function tail(running: RunningMachine, link: Link, otherwise: string): Promise<string> {
  try {
    const { sizeBytes } = await running.engineLog(link, Number.MAX_SAFE_INTEGER);
    const { bytes } = await running.engineLog(link, Math.max(0, sizeBytes - 4096));
    return bytes.toString('utf8').trim().split('\n').slice(-12).join('\n') || otherwise;
  } catch {
    return otherwise;
  }
}
