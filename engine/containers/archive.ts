import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { BerthError } from '../errors.ts';
import type { StatReport } from '../layers/unpack-program.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { withFileSystem } from './file-system.ts';
import type { ContainerParts } from './parts.ts';
import { userIn } from './user-in.ts';

/** What X-Docker-Container-Path-Stat tells, with Go's mode bits. */
export interface PathStat {
  name: string;
  size: number;
  mode: number;
  /** RFC 3339 with as many digits of a fraction as it has. */
  mtime: string;
  linkTarget: string;
}

interface ArchiveRequest {
  /** As the client named the container, for the words of a refusal. */
  reference: string;
  path: string;
  signal: AbortSignal;
}

/** HEAD /containers/{id}/archive. */
export async function statPath(
  parts: ContainerParts,
  container: Container,
  request: ArchiveRequest,
): Promise<PathStat> {
  const path = containerPath(request.path);
  return await withFileSystem(parts, container, async (view) => {
    const { status } = await asked(request, parts.containerTrees.get({ view, path, signal: request.signal }));
    return pathStat(path, status);
  });
}

/** GET /containers/{id}/archive: gives the answer the status and the tar, and waits until it has been sent. */
export async function readArchive(
  parts: ContainerParts,
  container: Container,
  request: ArchiveRequest & { answer: (stat: PathStat, archive: Readable) => Promise<void> },
): Promise<void> {
  const path = containerPath(request.path);
  const { signal } = request;
  await withFileSystem(parts, container, async (view) => {
    const getting = parts.containerTrees.get({ view, path, archiveName: goBase(path), signal });
    const { status, archive } = await asked(request, getting);
    publishContainer(parts.events, container, 'archive-path');
    await request.answer(pathStat(path, status), archive!);
  });
}

/** PUT /containers/{id}/archive. */
export async function writeArchive(
  parts: ContainerParts,
  container: Container,
  request: ArchiveRequest & { archive: Readable; keepKinds: boolean; ownedByUser: boolean },
): Promise<void> {
  const { archive, keepKinds, ownedByUser, signal } = request;
  const path = containerPath(request.path);
  await withFileSystem(parts, container, async (view) => {
    const user = container.definition.config.User ?? '';
    const owner = ownedByUser ? await userIn(parts.containerTrees, view, user) : undefined;
    const options = { view, path, archive, keepKinds, signal, ...(owner === undefined ? {} : { owner }) };
    await asked(request, parts.containerTrees.put(options));
  });
  publishContainer(parts.events, container, 'extract-to-dir');
}

/** GET /containers/{id}/export. */
export async function exportContainer(
  parts: ContainerParts,
  container: Container,
  request: { signal: AbortSignal; answer: (archive: Readable) => Promise<void> },
): Promise<void> {
  await withFileSystem(parts, container, async (view) => {
    const alone = 'pid' in view ? view : { ...view, mounts: [] };
    await request.answer(parts.containerTrees.export(alone, request.signal));
  });
  publishContainer(parts.events, container, 'export');
}

/** Docker's words for a path that is not there. */
async function asked<T>(request: ArchiveRequest, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'path-not-found') throw error;
    const { path, reference } = request;
    const text = `Could not find the file ${path} in container ${reference}`;
    throw new BerthError('path-not-found', text, { path });
  }
}

/** Cleaned and absolute; what ends with a slash or a dot says that a directory is meant, and goes on saying so. */
export function containerPath(path: string): string {
  if (path === '') throw badPath('bad parameter: the path is empty', path);
  if (path.includes('\0')) throw badPath('invalid path: it holds a NUL', path);
  const cleaned = posix.resolve('/', `/${path}`);
  const slash = cleaned.endsWith('/') ? '' : '/';
  if (posix.basename(path) === '.' && !path.endsWith('/')) return `${cleaned}${slash}.`;
  return path.endsWith('/') ? `${cleaned}${slash}` : cleaned;
}

function badPath(text: string, path: string): BerthError {
  return new BerthError('bad-parameter', text, { name: 'path', value: path });
}

/** The last part of a path as Go's filepath.Base has it. */
function goBase(path: string): string {
  const bare = path.replace(/\/+$/, '');
  return bare === '' ? '/' : bare.slice(bare.lastIndexOf('/') + 1);
}

function pathStat(path: string, status: StatReport): PathStat {
  return {
    name: goBase(path),
    size: status.sizeBytes,
    mode: goMode(status.mode),
    mtime: goTime(status.mtimeSeconds, status.mtimeNanoseconds),
    linkTarget: Buffer.from(status.linkTarget, 'latin1').toString('utf8'),
  };
}

/** Bits of Go's os.FileMode by those of S_IFMT. */
const fileTypes = new Map([
  [0o040000, 1 << 31],
  [0o120000, 1 << 27],
  [0o060000, 1 << 26],
  [0o010000, 1 << 25],
  [0o140000, 1 << 24],
  [0o020000, (1 << 26) | (1 << 21)],
]);

/** st_mode in the bits of Go's os.FileMode. */
export function goMode(mode: number): number {
  const special =
    (mode & 0o4000 ? 1 << 23 : 0) | (mode & 0o2000 ? 1 << 22 : 0) | (mode & 0o1000 ? 1 << 20 : 0);
  return ((mode & 0o777) | special | (fileTypes.get(mode & 0o170000) ?? 0)) >>> 0;
}

function goTime(seconds: number, nanoseconds: number): string {
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  const fraction = String(nanoseconds).padStart(9, '0').replace(/0+$/, '');
  return `${text}${fraction === '' ? '' : `.${fraction}`}Z`;
}
