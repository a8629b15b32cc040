import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { BerthError } from '../errors.ts';

/** Runs tasks of berth-unpack (engine/native/unpack/main.c): one short-lived confined process each. */
export interface UnpackTask {
  program: string;
  task:
    | 'unpack'
    | 'rebuild'
    | 'verify'
    | 'read'
    | 'walk'
    | 'pack'
    | 'copy'
    | 'remove'
    | 'sync'
    | 'get'
    | 'put'
    | 'export';
  /** The directory that the task is about, or the mount namespace of its container. */
  directory: string;
  options?: Record<string, number>;
  /** What the directory is a whole copy of, or is to become a copy of. */
  original?: string;
  signal?: AbortSignal;
  onProgress?: (progress: { blobBytes: number; tarBytes: number }) => void;
  /** A file is open, before its bytes are asked for. */
  onOpened?: (file: OpenedReport) => void;
  /** A path in a container was looked at. */
  onStat?: (status: StatReport) => void;
  /** Words of the container's file system (engine/native/unpack/plan.h), each with a NUL behind. */
  plan?: Buffer;
}

export interface StatReport {
  /** st_mode. */
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  /** Where a symlink leads in the end, its bytes as latin-1; else empty. */
  linkTarget: string;
}

export interface OpenedReport {
  sizeBytes: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
}

export interface RunningTask {
  /** What the task reads; null unless it unpacks or is asked for a file. */
  stdin: Writable | null;
  stdout: Readable | null;
  /** The task's result line. Rejects with layer-invalid, layer-truncated, disk-full, path-not-found, canceled or internal. */
  result: Promise<Record<string, unknown>>;
}

const withInput = new Set(['unpack', 'read', 'put']);
const withOutput = new Set(['rebuild', 'read', 'walk', 'pack', 'get', 'export']);

/** Starts a task. Its end is always seen through `result`, which must be awaited. */
export function startUnpack(task: UnpackTask): RunningTask {
  const directory = openSync(task.directory, 'r');
  const original = task.original === undefined ? undefined : openSync(task.original, 'r');
  let child: ChildProcess;
  try {
    const asked = { ...task.options, ...(original === undefined ? {} : { copied: 1 }) };
    const options = Object.entries(asked).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    child = spawn(task.program, [task.task, ...options], {
      stdio: [
        withInput.has(task.task) ? 'pipe' : 'ignore',
        withOutput.has(task.task) ? 'pipe' : 'ignore',
        'ignore',
        'pipe',
        directory,
        ...(original === undefined ? [] : [original]),
        ...(task.plan === undefined ? [] : ['pipe' as const]),
      ],
      env: {},
      cwd: '/',
    });
  } finally {
    closeSync(directory);
    if (original !== undefined) closeSync(original);
  }
  // A reader that ends early shows in the result; the broken pipe says nothing more.
  child.stdin?.on('error', () => {});
  const plan = task.plan && ((child.stdio as readonly unknown[])[5] as Writable);
  plan?.on('error', () => {});
  plan?.end(task.plan);
  const cancel = () => child.kill('SIGKILL');
  task.signal?.addEventListener('abort', cancel, { once: true });
  if (task.signal?.aborted) cancel();
  const result = outcome(child, task).finally(() => task.signal?.removeEventListener('abort', cancel));
  return { stdin: child.stdin, stdout: child.stdout, result };
}

/** Runs a task without streams to its end. */
export async function runUnpack(task: UnpackTask): Promise<Record<string, unknown>> {
  return await startUnpack(task).result;
}

async function outcome(child: ChildProcess, task: UnpackTask): Promise<Record<string, unknown>> {
  const reports = child.stdio[3] as Readable;
  let last: Report = {};
  const reading = (async () => {
    let rest = '';
    for await (const chunk of reports.setEncoding('utf8')) {
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) last = take(JSON.parse(line) as Report, last, task);
    }
  })();
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [code, killedBy] = await ended;
  await reading;
  if (task.signal?.aborted) throw new BerthError('canceled', 'context canceled');
  if (last.error !== undefined) throw failure(task, last.error);
  if (code === 0 && last.result !== undefined) return last.result;
  throw died(task, code, killedBy);
}

type FailureKind =
  | 'truncated'
  | 'invalid'
  | 'space'
  | 'limit'
  | 'internal'
  | 'missing'
  | 'refused'
  | 'read-only';

interface Report {
  progress?: { blobBytes: number; tarBytes: number };
  opened?: OpenedReport;
  stat?: StatReport;
  result?: Record<string, unknown>;
  error?: { kind: FailureKind; message: string };
}

function take(report: Report, last: Report, task: UnpackTask): Report {
  if (report.progress !== undefined) task.onProgress?.(report.progress);
  else if (report.opened !== undefined) task.onOpened?.(report.opened);
  else if (report.stat !== undefined) task.onStat?.(report.stat);
  else return report;
  return last;
}

function failure(task: UnpackTask, error: NonNullable<Report['error']>): BerthError {
  // The program escapes bytes, whose text is UTF-8 wherever a person wrote it.
  const detail = Buffer.from(error.message, 'latin1').toString('utf8');
  const text = task.task === 'unpack' ? `failed to register layer: ${detail}` : detail;
  if (task.task === 'put' && (error.kind === 'invalid' || error.kind === 'truncated')) {
    return new BerthError('archive-invalid', text, { detail });
  }
  switch (error.kind) {
    case 'truncated':
      return new BerthError('layer-truncated', text, { detail });
    case 'space':
      return new BerthError('disk-full', text, { detail });
    case 'missing':
      return new BerthError('path-not-found', detail, { path: detail });
    case 'refused':
      return new BerthError('path-refused', detail, { detail });
    case 'read-only':
      return new BerthError('read-only', detail, { detail });
    case 'internal':
      return new BerthError('internal', text, { detail });
    default:
      return new BerthError('layer-invalid', text, { detail });
  }
}

/** A process that ended without a word was stopped by its confinement, or by the system for want of memory. */
function died(task: UnpackTask, code: number | null, killedBy: NodeJS.Signals | null): BerthError {
  const how = killedBy === null ? `status ${code}` : killedBy;
  if (killedBy === 'SIGSYS' || killedBy === 'SIGXCPU' || killedBy === 'SIGALRM' || killedBy === 'SIGSEGV') {
    const detail = `berth-unpack ${task.task} was stopped by its confinement (${how})`;
    const text = task.task === 'unpack' ? `failed to register layer: ${detail}` : detail;
    return new BerthError(task.task === 'put' ? 'archive-invalid' : 'layer-invalid', text, { detail });
  }
  return new BerthError('internal', `berth-unpack ${task.task} ended with ${how}`);
}
