import { listContainers } from '../containers/list.ts';
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

export async function volumesWithUsage({ layers, volumes }: Engine) {
  return await Promise.all(
    volumes.list().map(async (volume) => ({
      ...volume,
      UsageData: {
        RefCount: volumes.usersOf(volume.Name).length,
        // Containers write there: a confined program walks it.
        Size: await layers.size(volume.Mountpoint),
      },
    })),
  );
}
