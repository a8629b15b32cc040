import { asBerthError, BerthError } from '../errors.ts';
import type { ExitStatus, RunningShim } from '../runtime/runtime.ts';
import type { Container, Run } from './container.ts';
import { publishContainer } from './container-events.ts';
import { planHealthCheck, startingHealth } from './health-check.ts';
import { publishNetworks, publishVolumes } from './part-events.ts';
import type { ContainerParts } from './parts.ts';
import { removeContainer } from './remove.ts';
import { nextDelayMs, wantsRestart } from './restart-policy.ts';
import { addRun, endOfRun, endOfStart, type StoredRun } from './run-end.ts';
import { startProcess } from './start-run.ts';

/**
 * A container's life: start → run → exit → (restart | remove | rest). Every step that a request asks for goes through
 * the container's queue; the exit of a run does not, so that a stop in the queue can wait for it.
 */
export class Lifecycle {
  readonly parts: ContainerParts;
  /** Delay before the last restart by policy, by container. */
  readonly #delays = new WeakMap<Container, number>();
  readonly #onRun: (container: Container, run: Run) => void;
  #closing = false;

  constructor(parts: ContainerParts, options: { onRun: (container: Container, run: Run) => void }) {
    this.parts = parts;
    this.#onRun = options.onRun;
  }

  /** Starts for a request. Throws container-already-started (304) for one that runs. */
  start(container: Container): Promise<void> {
    return container.serial(async () => {
      if (container.state.paused && container.run !== undefined) {
        throw new BerthError('container-paused', 'cannot start a paused container, try unpause instead', {
          id: container.id,
        });
      }
      if (container.run !== undefined) {
        throw new BerthError('container-already-started', 'container already started', { id: container.id });
      }
      this.#refuseRemoving(container);
      this.dropRestart(container);
      await container.change({ stoppedByHand: false, restartCount: 0 });
      await this.startNow(container);
    });
  }

  #refuseRemoving(container: Container): void {
    if (!container.removing) return;
    throw new BerthError('container-removing', 'container is marked for removal and cannot be started', {
      id: container.id,
    });
  }

  /** Starts from within the queue. A failure is recorded, told to those who wait, and thrown. */
  async startNow(container: Container): Promise<void> {
    const earlier = container.state.phase;
    const { config } = container.definition;
    const told = Promise.withResolvers<void>();
    try {
      const { shim, startedAt } = await startProcess(this.parts, container);
      this.adopt(container, { shim, startedAtMs: Date.parse(startedAt), told: told.promise });
      await container.change({
        phase: 'running',
        paused: false,
        startedAt,
        error: '',
        exitCode: 0,
        oomKilled: false,
        pid: shim.pid,
        health: planHealthCheck(config) ? startingHealth(container.state.health) : undefined,
      });
      publishContainer(this.parts.events, container, 'start');
    } catch (thrown) {
      const error = asBerthError(thrown);
      const exitCode = startFailureCode(error);
      await container.change({ phase: earlier, error: error.message, exitCode, pid: 0, endpoints: {} });
      const end = endOfStart({ exitCode, error: error.message, errorCode: error.code });
      this.#remember(container, end);
      container.signals.emit('exit', exitCode);
      if (container.definition.hostConfig.AutoRemove) void this.#removeBehind(container);
      throw error;
    } finally {
      told.resolve();
    }
  }

  /**
   * Takes charge of a running shim, started just now or by an earlier engine. Its exit is told after `told` settles, so
   * that `die` never comes before `start`.
   */
  adopt(
    container: Container,
    options: { shim: RunningShim; startedAtMs: number; told: Promise<void> },
  ): void {
    const { shim, startedAtMs, told } = options;
    const finished = shim.exited.then(async (status) => {
      await told;
      await this.#finish(container, run, status);
    });
    const run: Run = { shim, finished, startedAtMs };
    container.beginRun(run);
    this.#onRun(container, run);
  }

  /** The bookkeeping of an exit; `run` is undefined for one that happened while no engine ran. */
  async #finish(container: Container, run: Run, status: ExitStatus): Promise<void> {
    try {
      await this.recordExit(container, status, run.startedAtMs);
    } catch (error) {
      container.endRun();
      this.parts.log(`container ${container.id}: its exit could not be recorded`, error);
    }
    container.signals.emit('exit', status.exitCode);
    await run.shim.release().catch((error) => this.parts.log(`container ${container.id}: release`, error));
  }

  /** Writes and tells an exit, and decides what follows it. */
  async recordExit(container: Container, status: ExitStatus, startedAtMs: number): Promise<void> {
    const { events, networks } = this.parts;
    await networks.detach(container.id);
    const { hostConfig } = container.definition;
    const { endpoints, restartCount, stoppedByHand } = container.state;
    const again =
      !this.#closing &&
      !container.removing &&
      wantsRestart({ hostConfig, exitCode: status.exitCode, restartCount, stoppedByHand });
    const ranForMs = Date.now() - startedAtMs;
    const end = endOfRun(container, status);
    // In one turn with the change of state: whoever finds no run finds its exit code.
    container.endRun();
    // A restart that is due shows as `restarting` from the moment the run is over.
    if (again) this.#restartLater(container, ranForMs);
    await container.change({
      phase: 'exited',
      paused: false,
      exitCode: status.exitCode,
      oomKilled: status.oomKilled || container.oomKillsTold > 0,
      finishedAt: status.finishedAt,
      pid: 0,
      endpoints: {},
    });
    const kills = status.usage?.oomKills ?? (status.oomKilled ? 1 : 0);
    if (kills > container.oomKillsTold) publishContainer(events, container, 'oom');
    this.#remember(container, end);
    publishContainer(events, container, 'die', {
      execDuration: String(Math.max(0, Math.floor(ranForMs / 1000))),
      exitCode: String(status.exitCode),
    });
    publishNetworks(this.parts, container, { action: 'disconnect', endpoints });
    publishVolumes(this.parts, container, 'unmount');
    if (!again && hostConfig.AutoRemove && !container.removing) void this.#removeBehind(container);
  }

  /** Keeps an ended run for its post-mortem, behind what is told of it. */
  #remember(container: Container, end: StoredRun): void {
    container.write(() =>
      addRun(container.files.runs, end).catch((error: unknown) =>
        this.parts.log(`container ${container.id}: its end could not be remembered`, error),
      ),
    );
  }

  #restartLater(container: Container, ranForMs: number): void {
    const delayMs = nextDelayMs(this.#delays.get(container) ?? 0, ranForMs);
    this.#delays.set(container, delayMs);
    const timer = setTimeout(() => {
      void container.serial(async () => {
        if (container.cancelRestart === undefined || container.run !== undefined) return;
        container.restarting = true;
        container.cancelRestart = undefined;
        try {
          await container.change({ restartCount: container.state.restartCount + 1 });
          await this.startNow(container).catch((error: Error) => this.#retryFailedStart(container, error));
        } finally {
          container.restarting = false;
        }
      });
    }, delayMs);
    container.cancelRestart = () => clearTimeout(timer);
  }

  /** A start by policy that fails is tried again, as long as the policy says so. */
  #retryFailedStart(container: Container, error: Error): void {
    this.parts.log(`container ${container.id}: restart failed: ${error.message}`);
    const { hostConfig } = container.definition;
    const { restartCount, stoppedByHand, exitCode } = container.state;
    if (this.#closing || container.removing) return;
    if (wantsRestart({ hostConfig, exitCode, restartCount, stoppedByHand })) this.#restartLater(container, 0);
  }

  /** Starts again what the policy wants running when the engine starts. */
  startByPolicy(container: Container): void {
    this.#restartLater(container, 0);
  }

  /** Gives up a restart that is waiting. */
  dropRestart(container: Container): boolean {
    if (container.cancelRestart === undefined) return false;
    container.cancelRestart();
    container.cancelRestart = undefined;
    return true;
  }

  async #removeBehind(container: Container): Promise<void> {
    try {
      await removeContainer(this.parts, this, container, { force: false, volumes: true });
    } catch (error) {
      if (container.removed || asBerthError(error).code === 'container-removing') return;
      this.parts.log(`container ${container.id}: could not be removed after its end`, error);
    }
  }

  /** No restarts any more: the engine ends, containers go on. */
  close(): void {
    this.#closing = true;
    for (const container of this.parts.registry.all()) this.dropRestart(container);
  }
}

/** The exit code that a container shows after a failed start, as in Docker. */
function startFailureCode(error: BerthError): number {
  if (error.code === 'command-not-found') return 127;
  if (error.code === 'command-not-executable') return 126;
  return 128;
}
