import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { planExecProcess } from '../runtime/bundle-process.ts';
import type { ShimExec } from '../runtime/runtime.ts';
import type { Container, Run } from './container.ts';
import { publishContainer } from './container-events.ts';
import { nowText } from './container-state.ts';
import {
  type HealthCheck,
  type HealthResult,
  nextCheckMs,
  nextHealth,
  planHealthCheck,
  startingHealth,
} from './health-check.ts';
import type { ContainerParts } from './parts.ts';

/** Docker keeps so much of a check's output. */
const maxOutputBytes = 4096;
const sigkill = 9;

/**
 * Checks a container's health for as long as its run lasts. The state is in the container's (inspect, ps and the
 * health_status events tell it). A check's process is not announced as an exec session: it would drown the events.
 */
export async function watchHealth(parts: ContainerParts, container: Container, run: Run): Promise<void> {
  const check = planHealthCheck(container.definition.config);
  if (check === undefined) return;
  const over = new AbortController();
  void run.shim.exited.then(() => over.abort());
  const sinceStartMs = () => Date.now() - run.startedAtMs;
  try {
    for (;;) {
      const health = container.state.health ?? startingHealth(undefined);
      await delay(nextCheckMs(check, health, sinceStartMs()), undefined, { signal: over.signal, ref: false });
      // A frozen process cannot answer, which says nothing about its health.
      if (container.state.paused) continue;
      const startedMs = sinceStartMs();
      const result = await probe(parts, container, { run, check, over: over.signal });
      if (over.signal.aborted || container.run !== run) return;
      // A check that failed because the container has ended, which is not told yet.
      if (result.ExitCode !== 0 && !(await isAlive(run.shim.pid))) return;
      await record(parts, container, { check, result, sinceStartMs: startedMs });
    }
  } catch (error) {
    if (!over.signal.aborted)
      parts.log(`container ${container.id}: its health is not checked any more`, error);
  }
}

/** False for a process that has ended, though nobody may have been told yet. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  return state !== '' && state !== 'Z' && state !== 'X';
}

async function record(
  parts: ContainerParts,
  container: Container,
  options: { check: HealthCheck; result: HealthResult; sinceStartMs: number },
): Promise<void> {
  const earlier = container.state.health ?? startingHealth(undefined);
  const health = nextHealth(options.check, earlier, options);
  await container.change({ health });
  if (health.Status !== earlier.Status) {
    publishContainer(parts.events, container, `health_status: ${health.Status}`);
  }
}

/** Runs the check once. What prevents it from running is a failure with its reason as output. */
async function probe(
  parts: ContainerParts,
  container: Container,
  options: { run: Run; check: HealthCheck; over: AbortSignal },
): Promise<HealthResult> {
  const { run, check, over } = options;
  const Start = nowText();
  const end = (ExitCode: number, Output: string): HealthResult => ({
    Start,
    End: nowText(),
    ExitCode,
    Output,
  });
  try {
    const session = await startCheck(parts, container, { run, check });
    const output = readOutput(session);
    const inTime = await endsInTime(session, check.timeoutMs, over);
    if (inTime === undefined) {
      await session.signal(sigkill);
      return end(-1, `Health check exceeded timeout (${check.timeoutMs / 1000}s)`);
    }
    return end(inTime, await output);
  } catch (error) {
    return end(-1, (error as Error).message);
  }
}

async function startCheck(
  parts: ContainerParts,
  container: Container,
  { run, check }: { run: Run; check: HealthCheck },
): Promise<ShimExec> {
  const { config, hostConfig } = container.definition;
  const process = planExecProcess({
    config,
    hostConfig,
    hostname: config.Hostname ?? '',
    host: parts.host,
    exec: { Cmd: check.command },
  });
  const execId = randomBytes(32).toString('hex');
  return await run.shim.exec({ execId, process, stdin: false, terminal: false });
}

/** The exit code; undefined when the time is over before. */
async function endsInTime(
  session: ShimExec,
  timeoutMs: number,
  over: AbortSignal,
): Promise<number | undefined> {
  const settled = new AbortController();
  const signal = AbortSignal.any([settled.signal, over]);
  const late = delay(timeoutMs, undefined, { signal, ref: false }).catch(() => undefined);
  try {
    return await Promise.race([session.exited.then(({ exitCode }) => exitCode), late]);
  } finally {
    settled.abort();
  }
}

/** The beginning of what the check prints; the rest is read and thrown away. */
async function readOutput(session: ShimExec): Promise<string> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of session.output) {
    if (bytes < maxOutputBytes) kept.push(chunk.bytes.subarray(0, maxOutputBytes - bytes));
    bytes += chunk.bytes.length;
  }
  return Buffer.concat(kept).toString('utf8');
}
