import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { listContainers } from '../containers/list.ts';
import { isErrno } from '../errors.ts';
import type { Engine } from './engine.ts';

/** GET /system/df. */
export async function diskUsage(engine: Engine, types: string[]): Promise<Record<string, unknown>> {
  const wants = (type: string) => types.length === 0 || types.includes(type);
  const { containers, images, layers } = engine;
  const users = containers.parts.registry.imageUsers;
  const layerBytes = layers.list().reduce((sum, hex) => sum + (layers.record(hex)?.sizeBytes ?? 0), 0);
  return {
    LayersSize: wants('image') ? layerBytes : 0,
    Images: wants('image')
      ? (await images.list({ all: true, sharedSize: true, filters: {}, users })).map((image) => ({
          ...image,
          Containers: users.of(image.Id).length,
        }))
      : [],
    Containers: wants('container')
      ? await listContainers(containers.parts, { all: true, limit: undefined, size: true, filters: {} })
      : [],
    Volumes: wants('volume') ? await volumesWithUsage(engine) : [],
    BuildCache: [],
  };
}

export async function volumesWithUsage({ volumes }: Engine) {
  return await Promise.all(
    volumes.list().map(async (volume) => ({
      ...volume,
      UsageData: {
        RefCount: volumes.usersOf(volume.Name).length,
        Size: await treeBytes(volume.Mountpoint),
      },
    })),
  );
}

/** Bytes of all regular files below a directory, links counted once; nothing is followed. */
export async function treeBytes(root: string): Promise<number> {
  const seen = new Set<number>();
  let bytes = 0;
  const pending = [root];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    try {
      for await (const entry of await opendir(path)) {
        const below = join(path, entry.name);
        if (entry.isDirectory()) pending.push(below);
        else if (entry.isFile()) {
          const { size, nlink, ino } = await lstat(below);
          if (nlink > 1 && seen.has(ino)) continue;
          if (nlink > 1) seen.add(ino);
          bytes += size;
        }
      }
    } catch (error) {
      // Containers go on writing and removing meanwhile.
      if (!isErrno(error) || error.code !== 'ENOENT') throw error;
    }
  }
  return bytes;
}
