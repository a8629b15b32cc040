import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Debian's static one; in the machine it was brought along. */
const busybox = process.env.BERTH_BUSYBOX ?? '/bin/busybox';

const runtimeProgram = join(projectDir, 'build/native/berth-runtime');

export interface Finished {
  /** Exit code; 128 + signal where one ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

/** config.json, as far as the tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: a document of another project's schema, also written wrong on purpose.
export type Spec = any;

export interface RunOptions {
  /** Runs in this directory instead of the bundle. */
  cwd?: string;
  input?: string;
  env?: Record<string, string>;
  /** Descriptors 3 and on. */
  fds?: number[];
  /** Instead of the bundle's. */
  program?: string;
}

/** A bundle with busybox as its root and a state directory of its own. Dispose of it: its containers go too. */
export class TestBundle {
  readonly directory = mkdtempSync(join(tmpdir(), 'berth-oci-'));
  readonly root = join(this.directory, 'state');
  readonly bundle = join(this.directory, 'bundle');
  readonly rootfs = join(this.bundle, 'rootfs');
  /** Begins the containers' ids and so their cgroups, so that tests beside each other do not meet. */
  readonly name = `t-oci-${randomBytes(4).toString('hex')}`;
  readonly program: string;
  #containers = 0;
  readonly #original: string;

  /** `program` is berth-runtime, or another build of it. */
  constructor(edit: (spec: Spec) => void = () => {}, program = runtimeProgram) {
    this.program = program;
    makeRootfs(this.rootfs);
    // Users of other user namespaces come through here.
    chmodSync(this.directory, 0o755);
    const made = spawnSync(program, ['spec', '-b', this.bundle], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`spec: ${made.stderr}`);
    this.edit((spec) => {
      spec.process.terminal = false;
      edit(spec);
    });
    this.#original = readFileSync(join(this.bundle, 'config.json'), 'utf8');
  }

  /** Takes back what was changed in config.json since the bundle was made. */
  reset(): void {
    writeFileSync(join(this.bundle, 'config.json'), this.#original);
  }

  /** Changes config.json. */
  edit(change: (spec: Spec) => void): void {
    const file = join(this.bundle, 'config.json');
    const spec = JSON.parse(readFileSync(file, 'utf8')) as Spec;
    change(spec);
    writeFileSync(file, JSON.stringify(spec));
  }

  /** Sets the command, as a shell's line. */
  shell(line: string): void {
    this.edit((spec) => {
      spec.process.args = ['sh', '-c', line];
    });
  }

  /** An id that no other test has. */
  newId(): string {
    this.#containers += 1;
    return `${this.name}-${this.#containers}`;
  }

  start(args: string[], options: RunOptions = {}): ChildProcess {
    const { cwd = this.bundle, env, fds = [], input, program = this.program } = options;
    return spawn(program, ['--root', this.root, ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...fds],
    });
  }

  /** Runs the program to its end; what stays behind of a detached container may go on holding the streams. */
  async run(args: string[], options: RunOptions = {}): Promise<Finished> {
    const child = this.start(args, options);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (part: string) => {
        output[name] += part;
      });
    }
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (!args.some((word) => ['-d', '--detach', 'create'].includes(word))) await closed(child);
    return { code: code ?? (signal ? 128 : 1), ...output };
  }

  /** As run, and gives what it printed; throws when it fails. */
  async text(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout.trimEnd();
  }

  /** Runs a new container in the foreground with this command line of a shell. */
  async sh(line: string, change: (spec: Spec) => void = () => {}): Promise<Finished> {
    this.shell(line);
    this.edit(change);
    return this.run(['run', this.newId()]);
  }

  /** Starts a container that stays, in the background, and gives its id. */
  async running(): Promise<string> {
    const id = this.newId();
    this.edit((spec) => {
      spec.process.args = ['sleep', '1000'];
    });
    const done = await this.run(['run', '-d', id]);
    if (done.code !== 0) throw new Error(`run -d: ${done.stderr}`);
    return id;
  }

  /** The state that the program tells. */
  async state(id: string): Promise<Spec> {
    return JSON.parse(await this.text('state', id));
  }

  /** Waits until the container's process has ended; its reaper is whoever adopted it. */
  async stopped(id: string): Promise<void> {
    while ((await this.state(id)).status !== 'stopped');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const list = await this.run(['list', '-q']);
    for (const id of list.stdout.split('\n').filter(Boolean)) await this.run(['delete', '-f', id]);
    rmSync(this.directory, { recursive: true, force: true });
    const groups = spawnSync('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${this.name}*`], {
      encoding: 'utf8',
    }).stdout;
    for (const group of groups.split('\n').filter(Boolean)) spawnSync('rmdir', [group]);
  }
}

async function closed(child: ChildProcess): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream && !stream.closed);
  await Promise.all(streams.map((stream) => once(stream as NodeJS.ReadableStream, 'close')));
}

function makeRootfs(rootfs: string): void {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'sys', 'tmp']) {
    mkdirSync(join(rootfs, name), { recursive: true });
  }
  copyFileSync(busybox, join(rootfs, 'bin/busybox'));
  const programs = spawnSync(busybox, ['--list'], { encoding: 'utf8' }).stdout.split('\n');
  for (const name of programs) {
    if (name !== '' && !existsSync(join(rootfs, 'bin', name)))
      symlinkSync('busybox', join(rootfs, 'bin', name));
  }
  writeFileSync(
    join(rootfs, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n',
  );
  writeFileSync(join(rootfs, 'etc/group'), 'root:x:0:\nuser:x:1000:\nstaff:x:50:user\n');
}
