import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, DockerCommand, type PipedProcess } from '../docker-command.ts';
import { busyboxImage } from '../images/busybox.ts';
import type { TestImage } from '../images/push.ts';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body parsed as JSON; throws where it is not. */
  json: () => unknown;
}

/** Starts a real engine process in directories and with names of its own. Dispose of it: everything of it goes. */
export async function startEngine(
  options: { bindSource?: 'machine' | 'desktop'; config?: string; root?: string } = {},
): Promise<TestEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'berth-e-'));
  const engine = new TestEngine({ directory, bindSource: options.bindSource ?? 'machine', ...options });
  try {
    await engine.start();
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
  return engine;
}

/** A started engine, with the docker command and bare HTTP against its socket. */
export class TestEngine {
  readonly instance = `t-${randomBytes(4).toString('hex')}`;
  readonly directory: string;
  readonly root: string;
  readonly run: string;
  readonly socket: string;
  readonly #arguments: string[];
  readonly #docker: DockerCommand;
  #process: ChildProcess | undefined;
  #output = '';

  /** `root` is a data root elsewhere, which its maker removes. */
  constructor(options: { directory: string; bindSource: string; config?: string; root?: string }) {
    this.directory = options.directory;
    this.root = options.root ?? join(options.directory, 'root');
    this.run = join(options.directory, 'run');
    this.socket = join(this.run, 'engine.sock');
    this.#docker = new DockerCommand(this);
    this.#arguments = [
      join(projectDir, 'engine/main.ts'),
      ...['--instance', this.instance, '--root', this.root, '--run', this.run],
      ...['--bind-source', options.bindSource],
      ...(options.config === undefined ? [] : ['--config', options.config]),
    ];
  }

  /** Of the engine's process, which must have been started. */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the engine was not started');
    return pid;
  }

  /** What the engine has printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Runs the engine's program; resolves once it listens. Rejects with its output when it ends instead. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, this.#arguments, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        this.#output += chunk.toString();
        if (this.#output.includes('listens on')) resolve();
      };
      this.#output = '';
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('close', (code) => reject(new Error(`the engine ended with ${code}: ${this.#output}`)));
    });
  }

  /** Ends the engine's process and waits for it; containers go on. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
    return child.exitCode;
  }

  /** Makes the image `busybox:latest`, or another of the same files, by docker import. */
  async importBusybox(options: { name?: string; changes?: string[] } = {}): Promise<void> {
    const image = testBusybox();
    const changes = ['--change', 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin', '--change', 'CMD ["sh"]'];
    const file = image.layers[0]?.file ?? '';
    const own = (options.changes ?? []).flatMap((line) => ['--change', line]);
    const done = await this.docker(['import', ...changes, ...own, file, options.name ?? 'busybox:latest']);
    if (done.code !== 0) throw new Error(`docker import: ${done.stderr}`);
  }

  /** Starts a docker command whose streams the test drives itself. */
  spawnDocker(args: string[]): PipedProcess {
    return this.#docker.spawn(args);
  }

  /** Runs a docker command to its end. Without `input` its stdin is /dev/null. */
  docker(args: string[], options: { input?: string | Buffer } = {}): Promise<CommandResult> {
    return this.#docker.run(args, options);
  }

  /** As docker, and gives stdout; throws when the command fails. */
  dockerText(...args: string[]): Promise<string> {
    return this.#docker.text(...args);
  }

  /** Runs docker inside a pseudo terminal; the input is typed once the command has printed `after`. */
  dockerInTerminal(args: string[], options: { type: string; after: string }): Promise<CommandResult> {
    return this.#docker.inTerminal(args, options);
  }

  /** One HTTP call; a string body goes out as it is, anything else as JSON. */
  api(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<ApiAnswer> {
    const { body } = options;
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const call = request(
        {
          socketPath: this.socket,
          method,
          path,
          headers: {
            ...(payload === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...options.headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: () => JSON.parse(text) as unknown,
            }),
          );
        },
      );
      call.on('error', reject);
      call.end(payload);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    killCgroup(this.instance);
    removeNetwork(this.instance);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

let busybox: TestImage | undefined;

function testBusybox(): TestImage {
  busybox ??= busyboxImage(mkdtempSync(join(tmpdir(), 'berth-busybox-')));
  return busybox;
}

const cgroupRoot = '/sys/fs/cgroup';

/** Kills everything in an instance's cgroups (shims too) and removes them, on whatever hierarchies there are. */
function killCgroup(instance: string): void {
  const hierarchies = [cgroupRoot, ...readdirSync(cgroupRoot).map((name) => join(cgroupRoot, name))];
  const roots = hierarchies.map((path) => join(path, instance)).filter((path) => existsSync(path));
  const all = roots.flatMap((path) => [...treeOf(path), path]);
  // A frozen process of version 1 does not even die.
  for (const path of all.filter((name) => existsSync(join(name, 'freezer.state')))) {
    writeFileSync(join(path, 'freezer.state'), 'THAWED');
  }
  const pids = () => new Set(all.flatMap((path) => (existsSync(path) ? processesOf(path) : [])));
  // A fork between reading and killing shows in the next round.
  for (let left = pids(); left.size > 0; left = pids()) {
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Ended by itself.
      }
    }
    spawnSync('true');
  }
  for (const path of all) {
    try {
      rmdirSync(path);
    } catch {
      // The kernel still counts an ended process in it; it is empty, and the next boot has none of it.
    }
  }
}

/** Directories below a cgroup, deepest first. */
function treeOf(path: string): string[] {
  const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return below.flatMap((entry) => [...treeOf(join(path, entry.name)), join(path, entry.name)]);
}

function processesOf(path: string): number[] {
  const file = join(path, 'cgroup.procs');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
}

/** The bridge and the table of an instance, by the names that engine/network gives them. */
function removeNetwork(instance: string): void {
  spawnSync('ip', ['link', 'delete', `br-${instance}`]);
  const tables = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' }).stdout ?? '';
  for (const line of tables.split('\n')) {
    const [, family = '', table] = line.split(' ');
    if (table === `berth-${instance}`) spawnSync('nft', ['delete', 'table', family, table]);
  }
}
