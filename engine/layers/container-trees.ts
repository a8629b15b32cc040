import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isErrno } from '../errors.ts';
import type { EngineFiles } from '../store/files.ts';
import type { MountPlan } from './driver.ts';
import { taskOutput } from './task-output.ts';
import { type StatReport, startUnpack, type UnpackTask } from './unpack-program.ts';
import { copyOf } from './vfs.ts';

/**
 * A container's file system as docker cp, export and commit see it. All work is done by a confined program that has it
 * as its root, so that no link in it and no name in an archive reaches the machine.
 */
export interface ContainerTrees {
  /** Status of a path; with `archive`, the tar of what lies there follows. Throws path-not-found. */
  get(options: {
    view: ContainerView;
    path: string;
    /** The first entry's name in the tar; undefined: the status alone is asked for. */
    archiveName?: string;
    signal?: AbortSignal;
  }): Promise<{ status: StatReport; archive: Readable | undefined }>;
  /**
   * Unpacks a tar into the directory at a path. Throws path-not-found, path-refused, read-only, archive-invalid,
   * disk-full; what was written before stays, as in Docker.
   */
  put(options: {
    view: ContainerView;
    path: string;
    archive: Readable;
    /** Refuse to replace a directory by something else, and the reverse. */
    keepKinds: boolean;
    /** Links in it may lead anywhere: it is a copy of a tree, not somebody's archive. */
    anyLinks?: boolean;
    /** Whom everything belongs to; undefined: whom the archive says. */
    owner?: { uid: number; gid: number };
    signal?: AbortSignal;
  }): Promise<void>;
  /** A tar of the root file system without what is mounted on it. */
  export(view: ContainerView, signal?: AbortSignal): Readable;
  /** A writable layer as a tar with an image's whiteouts. */
  pack(upper: string, signal?: AbortSignal): Promise<Readable>;
}

/** Where a container's file system is: in the mount namespace of its process, or put together anew. */
export type ContainerView =
  | { pid: number }
  | {
      plan: MountPlan;
      /** A directory of the container, over which its root is mounted where nobody else sees it. */
      target: string;
      mounts: { source: string; destination: string; readOnly: boolean }[];
    };

export function openContainerTrees(options: { files: EngineFiles; unpackProgram: string }): ContainerTrees {
  const { files, unpackProgram: program } = options;
  const viewTask = (task: UnpackTask['task'], view: ContainerView, words: Word[]): UnpackTask => ({
    program,
    task,
    directory: 'pid' in view ? `/proc/${view.pid}/ns/mnt` : view.target,
    plan: planBytes([...viewWords(view), ...words]),
  });
  return {
    async get({ view, path, archiveName, signal }) {
      const words: Word[] = [['path', path]];
      words.push(archiveName === undefined ? ['stat-only', ''] : ['name', archiveName]);
      let tell: (status: StatReport) => void = () => {};
      const seen = new Promise<StatReport>((resolve) => {
        tell = resolve;
      });
      const end = new AbortController();
      signal?.addEventListener('abort', () => end.abort(), { once: true });
      const task = startUnpack({ ...viewTask('get', view, words), onStat: tell, signal: end.signal });
      const status = await Promise.race([seen, task.result.then(() => seen)]);
      if (archiveName !== undefined) return { status, archive: taskOutput(task, end) };
      await task.result;
      return { status, archive: undefined };
    },
    async put({ view, path, archive, keepKinds, anyLinks, owner, signal }) {
      const words: Word[] = [['path', path]];
      if (keepKinds) words.push(['keep-kinds', '']);
      if (anyLinks) words.push(['any-links', '']);
      if (owner !== undefined) words.push(['owned', ''], ['uid', `${owner.uid}`], ['gid', `${owner.gid}`]);
      const task = startUnpack({ ...viewTask('put', view, words), ...(signal ? { signal } : {}) });
      const feeding = pipeline(archive, task.stdin!);
      const [result, fed] = await Promise.allSettled([task.result, feeding]);
      // The program's word is worth more than the pipe that broke when it ended.
      if (result.status === 'rejected') throw result.reason;
      if (fed.status === 'rejected' && !isClosedPipe(fed.reason)) throw fed.reason;
    },
    export: (view, signal) => packed(viewTask('export', view, [['bare', '']]), signal),
    async pack(upper, signal) {
      const original = await copyOf(files, upper);
      const task = { program, task: 'pack' as const, directory: upper };
      return packed(original === undefined ? task : { ...task, original }, signal);
    },
  };
}

function packed(task: UnpackTask, signal: AbortSignal | undefined): Readable {
  const end = new AbortController();
  signal?.addEventListener('abort', () => end.abort(), { once: true });
  return taskOutput(startUnpack({ ...task, signal: end.signal }), end);
}

function isClosedPipe(error: unknown): boolean {
  return isErrno(error) && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE');
}

type Word = [key: string, value: string];

function viewWords(view: ContainerView): Word[] {
  if ('pid' in view) return [['joined', '']];
  const { plan, target, mounts } = view;
  const root: Word[] =
    plan.type === 'bind'
      ? [['root', plan.lower[0]!]]
      : [
          ['target', target],
          ...plan.lower.map((path): Word => ['lower', path]),
          // Without them the layers alone are looked at.
          ...(plan.upper === undefined ? [] : [['upper', plan.upper] as Word]),
          ...(plan.work === undefined ? [] : [['work', plan.work] as Word]),
        ];
  return [
    ...root,
    ...(plan.readOnly ? [['read-only', ''] as Word] : []),
    ...mounts.flatMap(({ source, destination, readOnly }): Word[] => [
      ['source', source],
      ['destination', destination],
      ...(readOnly ? [['mount-read-only', ''] as Word] : []),
    ]),
  ];
}

function planBytes(words: readonly Word[]): Buffer {
  return Buffer.concat(words.map(([key, value]) => Buffer.from(`${key}=${value}\0`)));
}
