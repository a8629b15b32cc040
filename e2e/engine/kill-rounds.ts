import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { groupDirectories } from '../../engine/runtime/cgroup-remains.ts';
import type { TestEngine } from './engine.ts';

/**
 * Kills the engine, a container's shim, or both, with -9 at a random moment of a container's life, again and again. A
 * container whose shim lived loses no byte of its log and not its exit code; one whose shim was killed is told as
 * ended. In the end no process, mount, cgroup, network device or directory of any of them is left. What is wrong throws,
 * with the seed and the round.
 */
export async function killRounds(
  engine: TestEngine,
  options: { rounds: number; seed: number; tell?: (text: string) => void },
): Promise<Record<Victim, number>> {
  const random = generator(options.seed);
  const counts = { engine: 0, shim: 0, both: 0 };
  await engine.dockerText('run', '-d', '--name', 'steady', 'busybox', 'sleep', '100000');
  const steady = await inspect(engine, 'steady');
  for (let round = 0; round < options.rounds; round += 1) {
    const victim = victims[random(victims.length)]!;
    counts[victim] += 1;
    try {
      await killOnce(engine, { name: `round-${round}`, victim, afterMs: random(150) });
      const { State } = (await inspect(engine, 'steady'))!;
      expectThat(State.Pid === steady!.State.Pid && State.Running, 'another container was touched');
    } catch (error) {
      throw new Error(`seed ${options.seed}, round ${round}, ${victim}: ${String(error)}`, { cause: error });
    }
    if (round % 50 === 49) options.tell?.(`${round + 1} rounds`);
  }
  await engine.dockerText('rm', '-f', 'steady');
  await nothingLeft(engine);
  return counts;
}

const victims = ['engine', 'shim', 'both'] as const;
type Victim = (typeof victims)[number];

/** Numerical Recipes' generator: the same rounds for the same seed. Its high bits are the random ones. */
function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function expectThat(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

interface Inspected {
  Id: string;
  State: { Status: string; Running: boolean; ExitCode: number; Pid: number };
}

async function inspect(engine: TestEngine, name: string): Promise<Inspected | undefined> {
  const answer = await engine.api('GET', `/containers/${name}/json`);
  return answer.status === 404 ? undefined : (answer.json() as Inspected);
}

const printed = 'one\ntwo';

async function killOnce(
  engine: TestEngine,
  { name, victim, afterMs }: { name: string; victim: Victim; afterMs: number },
): Promise<void> {
  const script = 'echo one; sleep 0.05; echo two; exit 3';
  const running = engine.docker(['run', '--name', name, 'busybox', 'sh', '-c', script]);
  await pause(afterMs);
  const killedShim = victim !== 'engine' && killShim(engine, name);
  if (victim !== 'shim') {
    await engine.stop('SIGKILL');
    await engine.start();
  }
  await running;
  const found = await inspect(engine, name);
  if (found === undefined) return;
  if (found.State.Status !== 'created') {
    const code = Number(await engine.dockerText('wait', name));
    const log = (await engine.docker(['logs', name])).stdout.trimEnd();
    if (killedShim) expectThat(printed.startsWith(log), `a log of ${JSON.stringify(log)}`);
    else {
      expectThat(code === 3 || wasNotStarted(log, code), `exit code ${code}`);
      if (code === 3) expectThat(log === printed, `a log of ${JSON.stringify(log)}`);
    }
    const after = await inspect(engine, name);
    expectThat(
      after && !after.State.Running && !existsSync(`/proc/${found.State.Pid || 'none'}`),
      'it runs on',
    );
  }
  await engine.dockerText('rm', '-f', name);
}

/** A start that the kill fell into: told as failed, and nothing was printed. */
function wasNotStarted(log: string, code: number): boolean {
  return log === '' && code >= 126;
}

/** Kills the shim of the newest container, if there is one yet. */
function killShim(engine: TestEngine, name: string): boolean {
  for (const id of directory(join(engine.run, 'c'))) {
    try {
      const definition = join(engine.root, 'containers', id, 'container.json');
      if ((JSON.parse(readFileSync(definition, 'utf8')) as { name: string }).name !== name) continue;
      const state = readFileSync(join(engine.run, 'c', id, 'shim.json'), 'utf8');
      process.kill((JSON.parse(state) as { pid: number }).pid, 'SIGKILL');
      return true;
    } catch {
      // Not there yet, or not any more.
    }
  }
  return false;
}

function directory(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

/** Waits for what goes behind an answer, then names what is still there. */
async function nothingLeft(engine: TestEngine): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const left = leftovers(engine);
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`left behind: ${left.join('; ')}`);
    await engine.docker(['ps', '-aq']);
  }
}

function leftovers(engine: TestEngine): string[] {
  const { root, run, instance } = engine;
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const groups = groupDirectories(`${instance}/c`).flatMap((path) =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name)),
  );
  const devices = directory('/sys/class/net').filter((name) => bridgeOf(name) === `br-${instance}`);
  return [
    ...['containers', 'tmp', 'trash'].flatMap((name) =>
      directory(join(root, name)).map((entry) => `${name}/${entry}`),
    ),
    ...directory(join(run, 'c')).map((id) => `run/c/${id}`),
    ...mounts.filter((line) => line.includes(root)),
    ...groups,
    ...devices,
    ...containerProcesses(root),
  ];
}

function bridgeOf(device: string): string {
  try {
    return readlinkSync(`/sys/class/net/${device}/master`).split('/').at(-1) ?? '';
  } catch {
    return '';
  }
}

/** Processes whose arguments name the engine's containers: shims, and what was not ended with them. */
function containerProcesses(root: string): string[] {
  return directory('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(root, 'containers'));
    } catch {
      return false;
    }
  });
}
