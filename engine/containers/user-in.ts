import { buffer } from 'node:stream/consumers';
import { BerthError } from '../errors.ts';
import type { ContainerTrees, ContainerView } from '../layers/container-trees.ts';

/** Bytes of /etc/passwd and /etc/group that are looked through. */
const mostBytes = 1024 * 1024;

/** Numbers of a `USER` as Docker reads it: `name`, `uid`, either with `:group` or `:gid`. Throws user-not-found. */
export async function userIn(
  trees: ContainerTrees,
  view: ContainerView,
  user: string,
): Promise<{ uid: number; gid: number }> {
  const [name = '', group = ''] = user.split(':');
  if (name === '') return { uid: 0, gid: 0 };
  const row = await rowOf(trees, view, { path: '/etc/passwd', name });
  if (row === undefined && !/^\d+$/.test(name)) {
    throw new BerthError(
      'user-not-found',
      `unable to find user ${name}: no matching entries in passwd file`,
      {
        user: name,
      },
    );
  }
  const uid = Number(row?.[2] ?? name);
  if (group === '') return { uid, gid: Number(row?.[3] ?? 0) };
  const groupRow = await rowOf(trees, view, { path: '/etc/group', name: group });
  if (groupRow === undefined && !/^\d+$/.test(group)) {
    throw new BerthError(
      'user-not-found',
      `unable to find group ${group}: no matching entries in group file`,
      {
        user: group,
      },
    );
  }
  return { uid, gid: Number(groupRow?.[2] ?? group) };
}

/** The line of a name or, where it is one, of a number. */
async function rowOf(
  trees: ContainerTrees,
  view: ContainerView,
  { path, name }: { path: string; name: string },
): Promise<string[] | undefined> {
  const text = await readText(trees, view, path);
  const rows = text.split('\n').map((line) => line.split(':'));
  return rows.find((row) => row[0] === name) ?? rows.find((row) => row[2] === name && /^\d+$/.test(name));
}

/** A small file's text; empty where there is none. Its archive ends with the file, filled up to blocks, and two of zeros. */
async function readText(trees: ContainerTrees, view: ContainerView, path: string): Promise<string> {
  try {
    const { status } = await trees.get({ view, path });
    if (status.sizeBytes > mostBytes || (status.mode & 0o170000) !== 0o100000) return '';
    const { archive } = await trees.get({ view, path, archiveName: 'file' });
    const bytes = await buffer(archive!);
    const blocks = Math.ceil(status.sizeBytes / 512) * 512;
    const start = bytes.length - 1024 - blocks;
    return bytes.toString('utf8', start, start + status.sizeBytes);
  } catch (error) {
    if (error instanceof BerthError && error.code === 'path-not-found') return '';
    throw error;
  }
}
