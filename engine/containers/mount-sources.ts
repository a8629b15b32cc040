import { mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError, isErrno } from '../errors.ts';
import type { ResolvedMount } from '../runtime/bundle-request.ts';
import type { DefinedMount } from './definition.ts';
import type { ContainerParts } from './parts.ts';

/** Paths by which clients name the engine's own socket, wherever it lies. */
const socketPaths = ['/var/run/docker.sock', '/run/docker.sock'];

/**
 * Checks the binds of a container that is being made. A path of a desktop that this engine cannot see is refused in
 * words: an empty directory in its place would look like lost files.
 */
export async function checkBindSources(parts: ContainerParts, mounts: DefinedMount[]): Promise<void> {
  for (const mount of mounts) {
    if (mount.type !== 'bind') continue;
    const source = mount.source ?? '';
    if (socketPaths.includes(source)) continue;
    if (parts.bindSource === 'desktop') {
      throw new BerthError(
        'desktop-path',
        `cannot mount ${source}: folders of the desktop are not shared with the machine that runs the containers. Use a named volume, or copy the files in with docker cp`,
        { path: source, target: mount.destination },
      );
    }
    if (mount.createSource || (await exists(source))) continue;
    throw sourceMissing(source);
  }
}

function sourceMissing(path: string): BerthError {
  return new BerthError(
    'bind-source-missing',
    `invalid mount config for type "bind": bind source path does not exist: ${path}`,
    { path },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return false;
    throw error;
  }
}

/** The mounts of a start, sources resolved and existing. */
export async function resolveMounts(parts: ContainerParts, mounts: DefinedMount[]): Promise<ResolvedMount[]> {
  const resolved: ResolvedMount[] = [];
  for (const mount of mounts) {
    const source =
      mount.type === 'volume' ? await volumeSource(parts, mount) : await bindSource(parts, mount);
    resolved.push({
      source,
      destination: mount.destination,
      readOnly: mount.readOnly,
      ...(mount.flatReadOnly ? { flatReadOnly: true } : {}),
      recursive: mount.recursive,
      ...(mount.propagation === '' ? {} : { propagation: mount.propagation }),
    });
  }
  return resolved;
}

async function bindSource(parts: ContainerParts, mount: DefinedMount): Promise<string> {
  const source = mount.source ?? '';
  if (socketPaths.includes(source)) return parts.files.socket;
  if (!(await exists(source))) {
    if (!mount.createSource) throw sourceMissing(source);
    await mkdir(source, { recursive: true, mode: 0o755 });
  }
  return source;
}

async function volumeSource(parts: ContainerParts, mount: DefinedMount): Promise<string> {
  const volume = await parts.volumes.ensure(mount.name === undefined ? {} : { name: mount.name });
  if (mount.subpath === undefined) return volume.Mountpoint;
  // A container that shares the volume may have put a link there: what it leads to must stay inside.
  const path = await realpath(join(volume.Mountpoint, mount.subpath)).catch(() => undefined);
  if (path === undefined || !path.startsWith(`${await realpath(volume.Mountpoint)}/`)) {
    throw new BerthError(
      'path-not-found',
      `cannot access path ${mount.subpath}: no such file or directory in volume ${volume.Name}`,
      { path: mount.subpath },
    );
  }
  return path;
}
