import { readFileSync, rmSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import type { Settings } from '../api/settings.ts';
import type { HostFiles } from '../files.ts';
import { isAlive } from '../process-identity.ts';
import { chooseAccelerator } from './accelerator.ts';
import { sshBanner } from './banner.ts';
import { prepareDisk } from './disk.ts';
import { type MachineDriver, MachineProblem, type RunningMachine, type StageReporter } from './driver.ts';
import { machineKeys } from './handover.ts';
import { forwardedSshPort } from './host-forward.ts';
import { checkImage, type ImageManifest } from './image.ts';
import { qemuVersion } from './programs.ts';
import { acceleratorsOf, type QemuPlanInput, qemuArguments, qemuProgram } from './qemu-args.ts';
import { QemuMachine, type QemuRecord, qemuRecord } from './qemu-machine.ts';
import { startQemu } from './qemu-process.ts';
import { readSerial } from './serial.ts';
import { withTimeout } from './waiting.ts';

const mib = 1024 ** 2;
/** Nothing that is not broken takes longer, emulated on a busy computer either. */
const bootTimeoutMs = 120_000;
const qmpTimeoutMs = 15_000;

export interface QemuOptions {
  files: HostFiles;
  instance: string;
  settings: () => Settings['machine'];
}

type Accelerator = RunningMachine['accelerator'];

/** The built-in machine: our image in QEMU, with the best accelerator that works here. */
export class QemuDriver implements MachineDriver {
  readonly kind = 'qemu';
  readonly stages = [
    ...(['computer', 'image', 'accelerator', 'disk', 'boot'] as const),
    ...(['ssh', 'deploy', 'engine', 'forward'] as const),
  ];
  readonly #options: QemuOptions;

  constructor(options: QemuOptions) {
    this.#options = options;
  }

  async start({ signal, report }: Parameters<MachineDriver['start']>[0]): Promise<RunningMachine> {
    try {
      return await this.#start(signal, report);
    } catch (error) {
      if (error instanceof MachineProblem || signal.aborted) throw error;
      throw new MachineProblem(
        { code: 'internal', params: {}, detail: (error as Error).message },
        { cause: error },
      );
    }
  }

  async find(): Promise<RunningMachine | undefined> {
    const { machine } = this.#options.files;
    const record = readRecord(machine.running);
    if (!record || !isAlive(record)) return undefined;
    const keys = machineKeys(machine, this.#options.instance);
    const signal = AbortSignal.timeout(qmpTimeoutMs);
    return await QemuMachine.open({ files: this.#options.files, record, keys, signal });
  }

  recheckAccelerator(): void {
    rmSync(this.#options.files.machine.accelerator, { force: true });
  }

  async #start(signal: AbortSignal, report: StageReporter): Promise<RunningMachine> {
    const { files, settings } = this.#options;
    const wanted = settings();
    report.begin('computer');
    const cores = wanted.cpus ?? cpus().length;
    const memoryMiB = wanted.memoryMiB ?? defaultMemoryMiB(totalmem());
    if (freemem() / mib < memoryMiB / 4 && freemem() / mib < 512) {
      throw new MachineProblem({
        code: 'memory-short',
        params: { memoryMiB, freeMiB: Math.floor(freemem() / mib) },
      });
    }
    report.done('computer', { cores, memoryMiB, desktopCores: cpus().length });

    report.begin('image');
    const manifest = await checkImage(files.image, files.machine.imageChecked);
    report.done('image', { kernel: manifest.kernelVersion });

    report.begin('accelerator');
    const program = qemuProgram(manifest.arch);
    const qemu = await qemuVersion(program, signal);
    const accelerator = await this.#accelerator(manifest, qemu, signal);
    const facts = { accelerator: accelerator.name, qemu: qemu.text };
    if (accelerator.reason) report.warn('accelerator', accelerator.reason, facts);
    else report.done('accelerator', facts);

    report.begin('disk');
    const disk = await prepareDisk({ file: files.machine.dataDisk, sizeGiB: wanted.diskGiB, signal });
    report.done('disk', { sizeBytes: disk.sizeBytes, made: disk.made ? 1 : 0 });

    const resources = { cpus: cores, memoryBytes: memoryMiB * mib, diskBytes: disk.sizeBytes };
    const plan = {
      arch: manifest.arch,
      accelerator: accelerator.name,
      qemuMajor: qemu.major,
      cpus: cores,
      memoryMiB,
      commandLine: manifest.commandLine,
      ...{ kernel: files.image.kernel, initramfs: files.image.initramfs },
      disks: { system: files.image.system, data: files.machine.dataDisk },
      serialLog: files.machine.serialLog,
      qmpSocket: files.machine.qmpSocket,
    };
    report.begin('boot');
    try {
      return await this.#boot({ plan, accelerator, resources, signal, report });
    } catch (error) {
      if (!isEmulatorsPanic(error, accelerator) || signal.aborted) throw error;
      report.begin('boot', { attempt: 2 });
      return await this.#boot({ plan, accelerator, resources, signal, report });
    }
  }

  async #boot(options: {
    plan: Omit<QemuPlanInput, 'handover'>;
    accelerator: Accelerator;
    resources: RunningMachine['resources'];
    signal: AbortSignal;
    report: StageReporter;
  }): Promise<RunningMachine> {
    const { plan, accelerator, resources, signal, report } = options;
    const { files, instance } = this.#options;
    const keys = machineKeys(files.machine, instance);
    const args = qemuArguments({ ...plan, handover: keys.handover });
    const process = await startQemu({ program: qemuProgram(plan.arch), args, machine: files.machine });
    const record = { ...process.identity, accelerator, resources };
    const opened = withTimeout(qmpTimeoutMs, signal, (limited) =>
      QemuMachine.open({ files, record, keys, process, signal: limited }),
    );
    const machine = await opened.catch((error) => process.kill().then(() => Promise.reject(error)));
    return await this.#booted(machine, signal, report);
  }

  /** Waits for sshd's banner; a machine that does not get there is ended. */
  async #booted(machine: QemuMachine, signal: AbortSignal, report: StageReporter): Promise<RunningMachine> {
    const { serialLog } = this.#options.files.machine;
    const ended = new AbortController();
    void machine.exited.then((problem) =>
      ended.abort(new MachineProblem(problem ?? { code: 'qemu-exited', params: {} })),
    );
    try {
      const eitherEnd = AbortSignal.any([signal, ended.signal]);
      const port = await forwardedSshPort(machine.qmp);
      await withTimeout(bootTimeoutMs, eitherEnd, (limited) => sshBanner(port, limited)).catch((error) => {
        if (eitherEnd.aborted) throw eitherEnd.reason;
        const serial = readSerial(serialLog);
        const params = { seconds: bootTimeoutMs / 1000, last: serial.stages.at(-1)?.name ?? '' };
        throw new MachineProblem(serial.problem ?? { code: 'boot-timeout', params, detail: serial.tail }, {
          cause: error,
        });
      });
      machine.remember();
      const serial = readSerial(serialLog);
      if (serial.problem?.code === 'disk-damaged') throw new MachineProblem(serial.problem);
      const { stages } = serial;
      report.done('boot', Object.fromEntries(stages.map(({ name, seconds }) => [name, seconds])));
      return machine;
    } catch (error) {
      await machine.kill();
      throw error;
    }
  }

  async #accelerator(
    manifest: ImageManifest,
    qemu: { major: number; text: string },
    signal: AbortSignal,
  ): Promise<Accelerator & { name: 'kvm' | 'hvf' | 'whpx' | 'tcg' }> {
    const { image, machine } = this.#options.files;
    const desktop = process.arch;
    return await chooseAccelerator({
      candidates: acceleratorsOf(process.platform, desktop, manifest.arch),
      arch: manifest.arch,
      qemu,
      kernel: image.kernel,
      initramfs: image.initramfs,
      commandLine: manifest.commandLine,
      file: machine.accelerator,
      signal,
    });
  }
}

/**
 * A panic that is the emulator's and not the image's: now and then one processor still runs what another has just
 * replaced in the kernel's code. The next boot is another throw of the dice.
 */
function isEmulatorsPanic(error: unknown, { name }: Accelerator): boolean {
  return name === 'tcg' && error instanceof MachineProblem && error.problem.code === 'kernel-panic';
}

/** A quarter of the desktop's memory, between one and four gigabytes. */
export function defaultMemoryMiB(desktopBytes: number): number {
  const quarter = Math.floor(desktopBytes / mib / 4);
  return Math.max(1024, Math.min(4096, quarter - (quarter % 64)));
}

function readRecord(file: string): QemuRecord | undefined {
  try {
    return qemuRecord.parse(JSON.parse(readFileSync(file, 'utf8'))) as QemuRecord;
  } catch {
    return undefined;
  }
}
