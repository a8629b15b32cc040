import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { BerthError } from '../errors.ts';

/** Runs tasks of berth-unpack (engine/native/unpack/main.c): one short-lived confined process each. */
export interface UnpackTask {
  program: string;
  task: 'unpack' | 'rebuild' | 'read' | 'walk' | 'remove' | 'sync';
  /** The directory that the task is about. */
  directory: string;
  options?: Record<string, number>;
  signal?: AbortSignal;
  onProgress?: (progress: { blobBytes: number; tarBytes: number }) => void;
  /** A file is open, before its bytes are asked for. */
  onOpened?: (file: OpenedReport) => void;
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

const withInput = new Set(['unpack', 'read']);
const withOutput = new Set(['rebuild', 'read', 'walk']);

/** Starts a task. Its end is always seen through `result`, which must be awaited. */
export function startUnpack(task: UnpackTask): RunningTask {
  const directory = openSync(task.directory, 'r');
  let child: ChildProcess;
  try {
    const options = Object.entries(task.options ?? {}).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    child = spawn(task.program, [task.task, ...options], {
      stdio: [
        withInput.has(task.task) ? 'pipe' : 'ignore',
        withOutput.has(task.task) ? 'pipe' : 'ignore',
        'ignore',
        'pipe',
        directory,
      ],
      env: {},
      cwd: '/',
    });
  } finally {
    closeSync(directory);
  }
  // A reader that ends early shows in the result; the broken pipe says nothing more.
  child.stdin?.on('error', () => {});
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
  if (last.error !== undefined) throw failure(last.error);
  if (code === 0 && last.result !== undefined) return last.result;
  throw died(task, code, killedBy);
}

interface Report {
  progress?: { blobBytes: number; tarBytes: number };
  opened?: OpenedReport;
  result?: Record<string, unknown>;
  error?: { kind: 'truncated' | 'invalid' | 'space' | 'limit' | 'internal' | 'missing'; message: string };
}

function take(report: Report, last: Report, task: UnpackTask): Report {
  if (report.progress !== undefined) task.onProgress?.(report.progress);
  else if (report.opened !== undefined) task.onOpened?.(report.opened);
  else return report;
  return last;
}

function failure(error: NonNullable<Report['error']>): BerthError {
  const text = error.message;
  switch (error.kind) {
    case 'truncated':
      return new BerthError('layer-truncated', `failed to register layer: ${text}`, { detail: text });
    case 'space': {
      // Docker's CLI and people look for Go's words, which begin small.
      const detail = text.replace('No space left', 'no space left');
      return new BerthError('disk-full', `failed to register layer: ${detail}`, { detail });
    }
    case 'missing':
      return new BerthError('path-not-found', text, { path: text });
    case 'internal':
      return new BerthError('internal', `failed to register layer: ${text}`, { detail: text });
    default:
      return new BerthError('layer-invalid', `failed to register layer: ${text}`, { detail: text });
  }
}

/** A process that ended without a word was stopped by its confinement, or by the system for want of memory. */
function died(task: UnpackTask, code: number | null, killedBy: NodeJS.Signals | null): BerthError {
  const how = killedBy === null ? `status ${code}` : killedBy;
  if (killedBy === 'SIGSYS' || killedBy === 'SIGXCPU' || killedBy === 'SIGALRM' || killedBy === 'SIGSEGV') {
    const detail = `unpacking was stopped by its confinement (${how})`;
    return new BerthError('layer-invalid', `failed to register layer: ${detail}`, { detail });
  }
  return new BerthError('internal', `berth-unpack ${task.task} ended with ${how}`);
}
