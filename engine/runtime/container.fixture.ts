import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerConfig, HostConfig } from '../api/containers.ts';
import { engineFiles } from '../store/files.ts';
import { planBundle } from './bundle.ts';
import { planExecProcess } from './bundle-process.ts';
import { removeGroup } from './cgroup-remains.ts';
import { readHostFacts } from './host-facts.ts';
import { openLog } from './log-reader.ts';
import { programPath } from './programs.ts';
import type { CreateOptions, RunningShim, Runtime } from './runtime.ts';
import { openRuntime } from './shim-runtime.ts';

const applets =
  'sh cat echo id head tail sleep ls dd stty tr wc env pwd true kill hostname mount md5sum yes ps seq'.split(
    ' ',
  );

/** The native suite has the same tests run against the shim with sanitizers. */
const shimUnderTest = process.env.BERTH_TEST_SHIM ? { shimPath: process.env.BERTH_TEST_SHIM } : {};

/** A runtime of its own with a root file system of busybox; everything is gone after disposal. */
export class TestRuntime {
  readonly runtime: Runtime;
  readonly files: ReturnType<typeof engineFiles>;
  readonly instance: string;
  #root: string;
  #ids: string[] = [];
  #count = 0;

  private constructor(root: string, instance: string) {
    this.#root = root;
    this.instance = instance;
    this.files = engineFiles({ root, run: join('/run/berth', instance) });
    this.runtime = openRuntime({ instance, files: this.files, ...shimUnderTest });
  }

  static async open(name: string): Promise<TestRuntime> {
    const root = await mkdtemp(join(tmpdir(), 'berth-runtime-'));
    const test = new TestRuntime(root, `t-${name}-${process.pid}`);
    await makeRootfs(test.lower);
    await mkdir(test.files.run, { recursive: true });
    return test;
  }

  get lower(): string {
    return join(this.#root, 'lower');
  }

  /** Writes a container's files and has it created. `fresh`: under a new id. */
  async create(options: {
    config: ContainerConfig;
    hostConfig?: HostConfig;
    log?: CreateOptions['log'];
  }): Promise<TestContainer> {
    const id = (this.#count++).toString(16).padStart(64, '0');
    const { config, hostConfig = {} } = options;
    const files = this.files.container(id);
    for (const directory of [files.dir, files.bundle, files.upper, files.work, files.log]) {
      await mkdir(directory, { recursive: true });
    }
    await writeFile(files.hosts, '127.0.0.1 localhost\n');
    await writeFile(files.hostname, 'box\n');
    await writeFile(files.resolvConf, 'nameserver 192.0.2.1\n');
    const spec = planBundle({
      id,
      cgroup: `/${this.instance}/c/${id}`,
      config,
      hostConfig,
      hostname: 'box',
      files: { hosts: files.hosts, hostname: files.hostname, resolvConf: files.resolvConf },
      mounts: [],
      host: readHostFacts(),
      initProgram: programPath('berth-init'),
    });
    await writeFile(files.config, JSON.stringify(spec));
    const shim = await this.runtime.create({
      id,
      plan: { type: 'overlay', lower: [this.lower], upper: files.upper, work: files.work },
      stdin: config.OpenStdin ?? false,
      stdinOnce: config.StdinOnce ?? false,
      terminal: config.Tty ?? false,
      log: options.log ?? { driver: 'local', maxBytes: 20_000_000, maxFiles: 5 },
    });
    this.#ids.push(id);
    return new TestContainer(this, id, shim, config, hostConfig);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.runtime.close();
    // Connected to anew: a test may have taken a shim over.
    for (const id of this.#ids) await (await this.runtime.adopt({ id }))?.delete();
    await rm(this.#root, { recursive: true, force: true });
    await rm(this.files.run, { recursive: true, force: true });
    await removeGroup(this.instance, { kill: false });
  }
}

export class TestContainer {
  readonly id: string;
  readonly shim: RunningShim;
  #test: TestRuntime;
  #config: ContainerConfig;
  #hostConfig: HostConfig;

  constructor(
    test: TestRuntime,
    id: string,
    shim: RunningShim,
    config: ContainerConfig,
    hostConfig: HostConfig,
  ) {
    this.#test = test;
    this.id = id;
    this.shim = shim;
    this.#config = config;
    this.#hostConfig = hostConfig;
  }

  get files() {
    return this.#test.files.container(this.id);
  }

  /** Everything written until the container's end, a stream each. */
  async output(shim = this.shim): Promise<{ stdout: string; stderr: string }> {
    const { onLog, exited: ended } = shim;
    const parts = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
    const follow = { onLog: onLog.bind(shim), ended };
    for await (const chunk of openLog(this.files.log).read({ from: 'start', follow })) {
      parts[chunk.stream].push(chunk.bytes);
    }
    return {
      stdout: Buffer.concat(parts.stdout).toString(),
      stderr: Buffer.concat(parts.stderr).toString(),
    };
  }

  /** An OCI process as docker exec would make it. */
  process(Cmd: string[], exec: { Tty?: boolean; User?: string; WorkingDir?: string; Env?: string[] } = {}) {
    return planExecProcess({
      config: this.#config,
      hostConfig: this.#hostConfig,
      hostname: 'box',
      host: readHostFacts(),
      exec: { Cmd, ...exec },
    });
  }

  /** Runs a command in the container to its end. */
  async run(command: string[], exec: { User?: string; WorkingDir?: string; Env?: string[] } = {}) {
    const session = await this.shim.exec({
      execId: 'run',
      process: this.process(command, exec),
      stdin: false,
      terminal: false,
    });
    const output = { stdout: '', stderr: '' };
    for await (const { stream, bytes } of session.output) output[stream] += Buffer.from(bytes).toString();
    return { ...output, ...(await session.exited) };
  }
}

async function makeRootfs(root: string): Promise<void> {
  const directories = 'bin dev etc proc root run sys tmp var'.split(' ');
  for (const directory of directories) await mkdir(join(root, directory), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\napp:x:1000:\nextra:x:2000:app\naudio:x:29:\n');
  for (const file of ['hosts', 'hostname', 'resolv.conf']) await writeFile(join(root, 'etc', file), '');
}
