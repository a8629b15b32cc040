import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busyboxImage } from '../images/busybox.ts';
import type { TestImage } from '../images/push.ts';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The docker command of the tests; the runner names each release that it has fetched by DOCKER_CLI. */
const dockerCli = process.env.DOCKER_CLI ?? 'docker';

export interface CommandResult {
  /** Exit code; 128 + signal where one ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body parsed as JSON; throws where it is not. */
  json: () => unknown;
}

/** Starts a real engine process in directories and with names of its own. Dispose of it: everything of it goes. */
export async function startEngine(
  options: { bindSource?: 'machine' | 'desktop'; config?: string } = {},
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
  #process: ChildProcess | undefined;
  #output = '';

  constructor(options: { directory: string; bindSource: string; config?: string }) {
    this.directory = options.directory;
    this.root = join(options.directory, 'root');
    this.run = join(options.directory, 'run');
    this.socket = join(this.run, 'engine.sock');
    mkdirSync(join(options.directory, 'docker-config'));
    this.#arguments = [
      join(projectDir, 'engine/main.ts'),
      ...['--instance', this.instance, '--root', this.root, '--run', this.run],
      ...['--bind-source', options.bindSource],
      ...(options.config === undefined ? [] : ['--config', options.config]),
    ];
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

  /** Makes the image `busybox:latest` by docker import. */
  async importBusybox(): Promise<void> {
    const image = testBusybox();
    const changes = ['--change', 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin', '--change', 'CMD ["sh"]'];
    const file = image.layers[0]?.file ?? '';
    const done = await this.docker(['import', ...changes, file, 'busybox:latest']);
    if (done.code !== 0) throw new Error(`docker import: ${done.stderr}`);
  }

  /** Environment of a docker command that speaks to this engine and to nothing of the person who tests. */
  get dockerEnv(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.directory,
      DOCKER_HOST: `unix://${this.socket}`,
      DOCKER_CONFIG: join(this.directory, 'docker-config'),
    };
  }

  /** Starts a docker command whose streams the test drives itself. */
  spawnDocker(args: string[]): ChildProcess & {
    stdin: NodeJS.WritableStream;
    stdout: NodeJS.ReadableStream;
    stderr: NodeJS.ReadableStream;
  } {
    return spawn(dockerCli, args, { env: this.dockerEnv });
  }

  /** Runs a docker command to its end. Without `input` its stdin is /dev/null. */
  docker(args: string[], options: { input?: string | Buffer } = {}): Promise<CommandResult> {
    return runCommand(dockerCli, args, { env: this.dockerEnv, ...options });
  }

  /** As docker, and gives stdout; throws when the command fails. */
  async dockerText(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** Runs docker inside a pseudo terminal, by script(1); the input is typed once the command has printed `after`. */
  dockerInTerminal(args: string[], options: { type: string; after: string }): Promise<CommandResult> {
    const quoted = [dockerCli, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const child = spawn('script', ['-qec', quoted, '/dev/null'], { env: this.dockerEnv });
    let typed = false;
    let seen = '';
    child.stdout.on('data', (part: Buffer) => {
      seen += part.toString();
      if (typed || !seen.includes(options.after)) return;
      typed = true;
      child.stdin.write(options.type);
    });
    return commandResult(child);
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

function runCommand(
  program: string,
  args: string[],
  options: { env: Record<string, string>; input?: string | Buffer },
): Promise<CommandResult> {
  const { env, input } = options;
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(program, args, { env, stdio: [stdin, 'pipe', 'pipe'] });
  child.stdin?.end(input);
  return commandResult(child);
}

function commandResult(child: ChildProcess): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  // A command that ends before it has read its input is no failure of the test.
  child.stdin?.on('error', () => {});
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), stdout, stderr }));
  });
}

const cgroupRoot = '/sys/fs/cgroup';

/** Kills everything in an instance's cgroups (shims too) and removes them, on whatever hierarchies there are. */
function killCgroup(instance: string): void {
  const hierarchies = [cgroupRoot, ...readdirSync(cgroupRoot).map((name) => join(cgroupRoot, name))];
  const roots = hierarchies.map((path) => join(path, instance)).filter((path) => existsSync(path));
  const all = roots.flatMap((path) => [...treeOf(path), path]);
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
