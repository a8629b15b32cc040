import { chmod, chown, readdir } from 'node:fs/promises';
import { BerthError } from '../errors.ts';
import type { ContainerView } from '../layers/container-trees.ts';
import type { StatReport } from '../layers/unpack-program.ts';
import type { Container } from './container.ts';
import type { DefinedMount } from './definition.ts';
import type { ContainerParts } from './parts.ts';

/**
 * Copies what the image has at the place of a volume into it, with owners and modes, while the volume is empty: as
 * Docker does when a container is made. `nocopy` volumes stay as they are.
 */
export async function fillVolumes(parts: ContainerParts, container: Container): Promise<void> {
  const { definition, files } = container;
  const empty = await emptyVolumes(parts, definition.mounts);
  if (empty.length === 0) return;
  const plan = await parts.layers.plan({
    layers: definition.layers,
    upper: files.upper,
    work: files.work,
  });
  const image: ContainerView = { plan, target: files.bundle, mounts: [] };
  for (const { destination, name = '' } of empty) {
    const lower = [parts.files.volume(name).data];
    const volume: ContainerView = { plan: { type: 'bind', lower }, target: files.bundle, mounts: [] };
    await copyTree(parts, { from: image, path: destination, to: volume, root: lower[0] ?? '' });
  }
}

async function emptyVolumes(parts: ContainerParts, mounts: DefinedMount[]): Promise<DefinedMount[]> {
  const empty: DefinedMount[] = [];
  for (const mount of mounts) {
    if (mount.type !== 'volume' || !mount.copyUp || mount.name === undefined || mount.subpath) continue;
    if ((await readdir(parts.files.volume(mount.name).data)).length === 0) empty.push(mount);
  }
  return empty;
}

/** S_IFMT, and a directory's bits of it. */
const typeBits = 0o170000;
const directoryBits = 0o040000;

async function copyTree(
  parts: ContainerParts,
  { from, path, to, root }: { from: ContainerView; path: string; to: ContainerView; root: string },
): Promise<void> {
  const trees = parts.containerTrees;
  let top: StatReport;
  try {
    top = (await trees.get({ view: from, path })).status;
    if ((top.mode & typeBits) !== directoryBits) return;
  } catch (error) {
    // The image has nothing there.
    if (error instanceof BerthError && error.code === 'path-not-found') return;
    throw error;
  }
  const { archive } = await trees.get({ view: from, path: `${path}/.`, archiveName: '.' });
  if (archive !== undefined)
    await trees.put({ view: to, path: '/', archive, keepKinds: false, anyLinks: true });
  // An archive is unpacked into a directory that is there: whose it is was never its matter.
  await chown(root, top.uid, top.gid);
  await chmod(root, top.mode & ~typeBits);
}
