import type { StopRequest } from '../api/post-mortem.ts';
import { BerthError } from '../errors.ts';
import type { Container, Run } from './container.ts';
import { publishContainer } from './container-events.ts';
import { nowText } from './container-state.ts';
import { notRunning, setFrozen } from './freezer.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ContainerParts } from './parts.ts';
import { signalName } from './run-end.ts';
import { parseSignal } from './signals.ts';

const sigkill = 9;
/** Docker's. */
const defaultStopSeconds = 10;

interface StopOptions {
  /** Seconds before SIGKILL; negative: never. Default: the container's StopTimeout, else 10. */
  timeoutSeconds?: number | undefined;
  signal?: string | undefined;
  /** User-Agent of the client, for the post-mortem. */
  client?: string | undefined;
}

/** Stops for a request. Throws container-already-stopped (304) for one that does not run. */
export async function stopContainer(
  lifecycle: Lifecycle,
  container: Container,
  options: StopOptions,
): Promise<void> {
  await container.serial(async () => {
    if (!container.running) {
      throw new BerthError('container-already-stopped', 'container is not running', { id: container.id });
    }
    await stopNow(lifecycle, container, { ...options, action: 'stop' });
    publishContainer(lifecycle.parts.events, container, 'stop');
  });
}

/** Stops and starts again, in one step of the queue. */
export async function restartContainer(
  lifecycle: Lifecycle,
  container: Container,
  options: StopOptions,
): Promise<void> {
  await container.serial(async () => {
    if (container.removing) {
      throw new BerthError('container-removing', 'container is marked for removal and cannot be started', {
        id: container.id,
      });
    }
    if (container.running) {
      await stopNow(lifecycle, container, { ...options, action: 'restart' });
      publishContainer(lifecycle.parts.events, container, 'stop');
    }
    await container.change({ stoppedByHand: false });
    await lifecycle.startNow(container);
    publishContainer(lifecycle.parts.events, container, 'restart');
  });
}

async function stopNow(
  lifecycle: Lifecycle,
  container: Container,
  options: StopOptions & { action: 'stop' | 'restart' },
): Promise<void> {
  const { parts } = lifecycle;
  const { config } = container.definition;
  lifecycle.dropRestart(container);
  await container.change({ stoppedByHand: true });
  const run = container.run;
  if (run === undefined) return;
  const seconds = options.timeoutSeconds ?? config.StopTimeout ?? defaultStopSeconds;
  const signal = parseSignal(options.signal || config.StopSignal || 'SIGTERM');
  const asked: StopRequest = {
    action: options.action,
    at: nowText(),
    signal: signalName(signal) ?? '',
    timeoutSeconds: seconds < 0 ? null : seconds,
    timedOut: false,
    client: options.client ?? '',
  };
  container.stopRequest = asked;
  await send(parts, { container, run }, signal);
  if (!(await endsWithin(run, seconds))) {
    container.stopRequest = { ...asked, timedOut: true };
    await send(parts, { container, run }, sigkill);
  }
  await run.finished;
}

/** True when the run is over within the time; a negative time waits for ever. */
async function endsWithin(run: Run, seconds: number): Promise<boolean> {
  if (seconds < 0) return run.finished.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000);
  });
  const over = await Promise.race([run.finished.then(() => true), late]);
  clearTimeout(timer);
  return over;
}

/** A signal for the container's first process, with its event; a paused container is thawed to receive it. */
async function send(
  parts: ContainerParts,
  target: { container: Container; run: Run },
  signal: number,
): Promise<void> {
  const { container, run } = target;
  await run.shim.signal(signal, { all: false });
  publishContainer(parts.events, container, 'kill', { signal: String(signal) });
  if (container.state.paused) await setFrozen(parts, container, false);
}

/** Sends a signal for a request. SIGKILL answers when the container has ended, as in Docker. */
export async function killContainer(
  lifecycle: Lifecycle,
  container: Container,
  options: { reference: string; signal: string; client?: string | undefined },
): Promise<void> {
  const signal = parseSignal(options.signal || 'SIGKILL');
  const run = container.run;
  if (run === undefined) {
    if (lifecycle.dropRestart(container)) return;
    const error = notRunning(container);
    throw new BerthError(
      error.code,
      `cannot kill container: ${options.reference}: ${error.message}`,
      error.params,
    );
  }
  const stopSignal = parseSignal(container.definition.config.StopSignal || 'SIGTERM');
  if (signal === sigkill || signal === stopSignal) await container.change({ stoppedByHand: true });
  container.stopRequest ??= {
    action: 'kill',
    at: nowText(),
    signal: signalName(signal) ?? '',
    timeoutSeconds: null,
    timedOut: false,
    client: options.client ?? '',
  };
  await send(lifecycle.parts, { container, run }, signal);
  if (signal === sigkill) await run.finished;
}
