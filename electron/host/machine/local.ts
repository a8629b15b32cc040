import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Problem } from '../api/machine.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import type { HostFiles } from '../files.ts';
import { identifyProcess, isAlive } from '../process-identity.ts';
import { type DeployReport, type MachineDriver, MachineProblem, type RunningMachine } from './driver.ts';
import { localLink } from './local-link.ts';
import { readLogPart } from './log-file.ts';
import { stopContainers } from './stop-containers.ts';
import { until } from './waiting.ts';

/** Oldest kernel the engine runs on; it checks the same at its own start (engine/system/minimum-kernel.ts). */
const minimumKernel = [5, 14] as const;
/** The engine ends within this after SIGTERM, containers untouched. */
const engineStopMs = 10_000;

export interface LocalOptions {
  files: HostFiles;
  instance: string;
  /** The program to start: the bundle's engine.mjs, or engine/main.ts in development. */
  engineProgram: string;
  /** Data root and runtime directory of the engine. */
  root: string;
  run: string;
}

const record = z.object({ pid: z.number(), startedAt: z.string(), bundle: z.string() });
type EngineRecord = z.infer<typeof record>;

/** Runs the engine on this Linux host itself; no machine is started, and nothing but the engine is stopped. */
export class LocalDriver implements MachineDriver {
  readonly kind = 'local';
  readonly stages = ['computer', 'deploy', 'engine', 'forward'] as const;
  readonly #options: LocalOptions;

  constructor(options: LocalOptions) {
    this.#options = options;
  }

  async start({ report }: Parameters<MachineDriver['start']>[0]): Promise<RunningMachine> {
    report.begin('computer');
    const problem = kernelProblem(process.platform, release()) ?? rootProblem(this.#options);
    if (problem) throw new MachineProblem(problem);
    const machine = new LocalMachine(this.#options, await resources(this.#options.root));
    report.done('computer', { cores: machine.resources.cpus, kernel: release() });
    return machine;
  }

  async find(): Promise<RunningMachine | undefined> {
    const engine = readRecord(this.#options.files.local.running);
    if (!engine || !isAlive(engine)) return undefined;
    return new LocalMachine(this.#options, await resources(this.#options.root));
  }
}

class LocalMachine implements RunningMachine {
  readonly engineSocket: string;
  readonly accelerator = { name: 'none' } as const;
  readonly resources: RunningMachine['resources'];
  readonly exited: Promise<Problem | undefined>;
  readonly sharesDesktop = true;
  readonly #options: LocalOptions;
  readonly #end: (problem: Problem | undefined) => void;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LocalOptions, found: RunningMachine['resources']) {
    const { promise, resolve } = Promise.withResolvers<Problem | undefined>();
    this.exited = promise;
    this.#end = resolve;
    this.#options = options;
    this.resources = found;
    this.engineSocket = join(options.run, 'engine.sock');
  }

  async connect() {
    return localLink();
  }

  async deploy(_link: unknown, { daemonJson }: { daemonJson: string }): Promise<DeployReport> {
    const { local } = this.#options.files;
    const bundle = this.#bundle();
    const before = existsSync(local.daemonJson) ? readFileSync(local.daemonJson, 'utf8') : undefined;
    if (before !== daemonJson) writeFileAtomic(local.daemonJson, daemonJson);
    const engine = readRecord(local.running);
    const alive = engine !== undefined && isAlive(engine);
    if (alive && engine.bundle === bundle && before === daemonJson)
      return { bundle, pushedBytes: 0, restarted: false };
    if (alive) await this.#stopEngine(engine);
    await this.#startEngine();
    return { bundle, pushedBytes: 0, restarted: true };
  }

  restartEngine(): Promise<void> {
    return this.#inTurn(async () => {
      const engine = readRecord(this.#options.files.local.running);
      if (engine && isAlive(engine)) await this.#stopEngine(engine);
      await this.#startEngine();
    });
  }

  reviveEngine(): Promise<void> {
    return this.#inTurn(async () => {
      const engine = readRecord(this.#options.files.local.running);
      if (!engine || !isAlive(engine)) await this.#startEngine();
    });
  }

  /** A restart is seen as the engine's end by whoever revives it: one after the other, or both would start one. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  engineLog(_link: unknown, offset: number) {
    return readLogPart(this.#options.files.local.engineLog, offset);
  }

  /** Stops containers and engine: after it nothing of Berth runs on this host, as after a machine's power-off. */
  async stop({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    const engine = readRecord(this.#options.files.local.running);
    if (engine && isAlive(engine)) {
      await stopContainers(this.engineSocket, timeoutMs);
      await this.#stopEngine(engine);
    }
    rmSync(this.#options.files.local.running, { force: true });
    this.#end(undefined);
  }

  #bundle(): string {
    const { bundle } = this.#options.files;
    if (this.#options.engineProgram !== bundle.engine) return 'sources';
    return z.object({ hash: z.string() }).parse(JSON.parse(readFileSync(bundle.manifest, 'utf8'))).hash;
  }

  async #startEngine(): Promise<void> {
    const { files, instance, engineProgram, root, run } = this.#options;
    mkdirSync(dirname(files.local.engineLog), { recursive: true, mode: 0o700 });
    const log = openSync(files.local.engineLog, 'a', 0o600);
    const args = [
      engineProgram,
      ...['--instance', instance, '--root', root, '--run', run],
      ...['--config', files.local.daemonJson, '--bind-source', 'machine'],
    ];
    const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const identity = identifyProcess(child.pid as number);
    // An engine that is gone already is told by its silence, with its output.
    if (identity) {
      const engine: EngineRecord = { ...identity, bundle: this.#bundle() };
      writeFileAtomic(files.local.running, `${JSON.stringify(engine)}\n`);
    }
  }

  async #stopEngine(engine: EngineRecord): Promise<void> {
    process.kill(engine.pid, 'SIGTERM');
    const gone = () => !isAlive(engine);
    await until(gone, { everyMs: 20, signal: AbortSignal.timeout(engineStopMs) }).catch(() => {
      if (isAlive(engine)) process.kill(engine.pid, 'SIGKILL');
    });
  }
}

/** What is wrong with this system for running containers itself, if anything. */
export function kernelProblem(platform: string, kernel: string): Problem | undefined {
  const wanted = minimumKernel.join('.');
  if (platform !== 'linux') return { code: 'kernel-too-old', params: { kernel: platform, wanted } };
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  const [wantedMajor, wantedMinor] = minimumKernel;
  const isOld = major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
  return isOld ? { code: 'kernel-too-old', params: { kernel, wanted } } : undefined;
}

/** The engine needs root. Names the one command that gives it, for a person to run. */
function rootProblem({ files }: LocalOptions): Problem | undefined {
  if (process.getuid?.() === 0) return undefined;
  return {
    code: 'root-needed',
    params: { command: `sudo berth start --machine local`, dir: files.machine.dir },
  };
}

async function resources(root: string): Promise<RunningMachine['resources']> {
  let dir = root;
  while (!existsSync(dir)) dir = dirname(dir);
  const { blocks, bsize } = await statfs(dir);
  return { cpus: cpus().length, memoryBytes: totalmem(), diskBytes: blocks * bsize };
}

function readRecord(file: string): EngineRecord | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
