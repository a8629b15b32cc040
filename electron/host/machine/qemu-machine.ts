import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Problem } from '../api/machine.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { type HostFiles, machineFiles } from '../files.ts';
import { isAlive, type ProcessIdentity } from '../process-identity.ts';
import { deploy, restartSupervised } from './deploy.ts';
import type { DeployOptions, LogPart, PortForward, RunningMachine } from './driver.ts';
import type { MachineKeys } from './handover.ts';
import { forwardedSshPort, hostForward } from './host-forward.ts';
import type { Link } from './link.ts';
import { hasGone, killQemu, type QemuProcess, qemuExited } from './qemu-process.ts';
import { Qmp } from './qmp.ts';
import { readRemoteLog } from './remote-log.ts';
import { readSerial } from './serial.ts';
import { connectSsh } from './ssh.ts';
import { until } from './waiting.ts';

const problemSchema = z.object({
  code: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  detail: z.string().optional(),
});

/** What is written down of a running QEMU, for the next host. */
export const qemuRecord = z.object({
  pid: z.number(),
  startedAt: z.string(),
  accelerator: z.object({
    name: z.enum(['kvm', 'hvf', 'whpx', 'tcg', 'none']),
    reason: problemSchema.optional(),
  }),
  resources: z.object({ cpus: z.number(), memoryBytes: z.number(), diskBytes: z.number() }),
});
export type QemuRecord = ProcessIdentity & Pick<RunningMachine, 'accelerator' | 'resources'>;

interface OpenOptions {
  files: HostFiles;
  record: QemuRecord;
  keys: MachineKeys;
  /** Where it is this host's own child. */
  process?: QemuProcess;
  signal: AbortSignal;
}

/** One running QEMU. Its control connection is how its end is noticed, at once, child of ours or not. */
export class QemuMachine implements RunningMachine {
  readonly engineSocket = machineFiles.engineSocket;
  readonly accelerator: RunningMachine['accelerator'];
  readonly resources: RunningMachine['resources'];
  readonly serialLog: string;
  readonly portForward: PortForward;
  readonly exited: Promise<Problem | undefined>;
  readonly qmp: Qmp;
  readonly #files: HostFiles;
  readonly #record: QemuRecord;
  readonly #keys: MachineKeys;
  #isStopping = false;
  #poweredOff = false;

  private constructor({ files, record, keys }: OpenOptions, qmp: Qmp) {
    this.qmp = qmp;
    this.#files = files;
    this.#record = record;
    this.#keys = keys;
    this.accelerator = record.accelerator;
    this.resources = record.resources;
    this.serialLog = files.machine.serialLog;
    this.portForward = hostForward(qmp);
    qmp.onEvent(({ event, data }) => {
      if (event === 'SHUTDOWN') this.#poweredOff = data?.reason === 'guest-shutdown';
    });
    this.exited = qmp.closed.then(() => this.#ended());
  }

  /** Connects to QEMU's control socket, as soon as it is there. Rejects when QEMU ends first. */
  static async open(options: OpenOptions): Promise<QemuMachine> {
    const { files, record, signal } = options;
    let qmp: Qmp | undefined;
    const connected = async () => {
      if (!isAlive(record)) throw new Error(qemuExited(files.machine).detail ?? 'QEMU ended at once');
      qmp = await Qmp.connect(files.machine.qmpSocket, signal).catch(() => undefined);
      return qmp !== undefined;
    };
    await until(connected, { everyMs: 20, signal });
    return new QemuMachine(options, qmp as unknown as Qmp);
  }

  /** Writes down what the next host needs to find this machine. */
  remember(): void {
    writeFileAtomic(this.#files.machine.running, `${JSON.stringify(this.#record)}\n`);
  }

  async connect({ signal }: { signal: AbortSignal }): Promise<Link> {
    const port = await forwardedSshPort(this.qmp);
    const { clientKey, hostKeyPublic } = this.#keys;
    return await connectSsh({ host: '127.0.0.1', port, user: 'root', clientKey, hostKeyPublic }, { signal });
  }

  deploy(link: Link, options: DeployOptions) {
    return deploy(link, this.#files.bundle, options);
  }

  restartEngine(link: Link): Promise<void> {
    return restartSupervised(link);
  }

  engineLog(link: Link, offset: number): Promise<LogPart> {
    return readRemoteLog(link, machineFiles.engineLog, offset);
  }

  async stop({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.#isStopping = true;
    await this.qmp.execute('system_powerdown').catch(() => undefined);
    const timer = new AbortController();
    const late = delay(timeoutMs, 'late', { signal: timer.signal }).catch(() => 'ended');
    if ((await Promise.race([this.exited.then(() => 'ended'), late])) === 'late') await this.kill();
    timer.abort();
    await this.exited;
  }

  /** Ends it by force. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    await killQemu(this.#record);
    await this.exited;
  }

  async #ended(): Promise<Problem | undefined> {
    // QEMU closes its sockets in the course of ending; a lost control connection alone ends the machine too.
    if (isAlive(this.#record) && !this.#poweredOff && !this.#isStopping)
      process.kill(this.#record.pid, 'SIGTERM');
    await hasGone(this.#record);
    const { machine } = this.#files;
    for (const file of [machine.running, machine.qmpSocket]) rmSync(file, { force: true });
    rmSync(machine.handover, { recursive: true, force: true });
    if (this.#isStopping) return undefined;
    const { problem, tail } = readSerial(machine.serialLog);
    if (problem?.code === 'kernel-panic' || problem?.code === 'image-damaged') return problem;
    if (this.#poweredOff) return undefined;
    const exited = qemuExited(machine);
    return { ...exited, detail: [exited.detail, tail].filter(Boolean).join('\n') };
  }
}
