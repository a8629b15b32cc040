import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { MachineState, Problem } from '../api/machine.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { type AcceleratorName, type Arch, qemuArguments, qemuProgram } from './qemu-args.ts';

/** A guest with a working accelerator says its first word within a second; emulation is quicker than this too. */
const probeTimeoutMs = 10_000;
const probeMiB = 256;

type Accelerator = NonNullable<MachineState['accelerator']> & { name: AcceleratorName };

const record = z.object({
  key: z.string(),
  name: z.enum(['kvm', 'hvf', 'whpx', 'tcg']),
  reason: z
    .object({
      code: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number()])),
      detail: z.string().optional(),
    })
    .optional(),
});

export interface AcceleratorQuestion {
  /** To try, best first; see acceleratorsOf. */
  candidates: AcceleratorName[];
  arch: Arch;
  qemu: { major: number; text: string };
  kernel: string;
  initramfs: string;
  commandLine: string;
  /** Where the answer is remembered. */
  file: string;
  signal: AbortSignal;
}

/**
 * The accelerator to use, with the reason when it is not the best one. Each is tried with a guest that must say its
 * first word: a device that opens is no proof, guests hang on some. Remembered until QEMU, the kernel, the image or
 * this boot of the desktop is another.
 */
export async function chooseAccelerator(question: AcceleratorQuestion): Promise<Accelerator> {
  const key = acceleratorKey(question);
  const known = readRecord(question.file);
  if (known?.key === key) {
    return { name: known.name, ...(known.reason ? { reason: known.reason as Problem } : {}) };
  }
  let reason: Problem | undefined;
  for (const name of question.candidates) {
    const problem = name === 'tcg' ? undefined : (deviceProblem(name) ?? (await probe(name, question)));
    if (problem === undefined) {
      const chosen: Accelerator = { name, ...(reason ? { reason } : {}) };
      writeFileAtomic(question.file, `${JSON.stringify({ ...chosen, key })}\n`);
      return chosen;
    }
    reason ??= problem;
  }
  return { name: 'tcg', ...(reason ? { reason } : {}) };
}

function acceleratorKey({ qemu, kernel, candidates }: AcceleratorQuestion): string {
  const boot = '/proc/sys/kernel/random/boot_id';
  const bootId = existsSync(boot) ? readFileSync(boot, 'utf8').trim() : '';
  return [qemu.text, release(), bootId, kernel, ...candidates].join(' | ');
}

/** What can be told without a guest: the device is missing, or not ours to open. */
function deviceProblem(name: AcceleratorName, device = '/dev/kvm'): Problem | undefined {
  if (name !== 'kvm') return undefined;
  if (!existsSync(device)) return { code: 'accelerator-missing', params: { accelerator: name } };
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return { code: 'accelerator-denied', params: { accelerator: name, device } };
  }
}

/** Boots kernel and init without disks and waits for init's first word. */
async function probe(name: AcceleratorName, question: AcceleratorQuestion): Promise<Problem | undefined> {
  const dir = mkdtempSync(join(tmpdir(), 'berth-probe-'));
  const serialLog = join(dir, 'serial.log');
  const args = qemuArguments({
    arch: question.arch,
    accelerator: name,
    qemuMajor: question.qemu.major,
    cpus: 1,
    memoryMiB: probeMiB,
    commandLine: question.commandLine,
    kernel: question.kernel,
    initramfs: question.initramfs,
    handover: {},
    serialLog,
  });
  const child = spawn(qemuProgram(question.arch), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exited = new Promise<void>((resolve) => {
    child.once('close', resolve);
    child.once('error', resolve);
  });
  const end = new AbortController();
  void exited.then(() => end.abort());
  const limit = AbortSignal.any([end.signal, question.signal, AbortSignal.timeout(probeTimeoutMs)]);
  try {
    const spoke = () => existsSync(serialLog) && readFileSync(serialLog, 'latin1').includes('@stage init');
    while (!limit.aborted && !spoke()) await delay(50, undefined, { signal: limit }).catch(() => undefined);
    question.signal.throwIfAborted();
    if (spoke()) return undefined;
    const detail = output.trim();
    const params = { accelerator: name, seconds: probeTimeoutMs / 1000 };
    return { code: 'accelerator-hangs', params, ...(detail === '' ? {} : { detail }) };
  } finally {
    child.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  }
}

function readRecord(file: string): z.infer<typeof record> | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
