import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskContainer, DiskImage, DiskMap, DiskVolume } from '../api/system.ts';
import type { Container } from '../containers/container.ts';
import { isErrno } from '../errors.ts';
import type { Engine } from './engine.ts';
import { readDisk } from './machine.ts';

/** Trees that are walked at once: each is a process, and they share one disk. */
const walksAtOnce = 2;

/** GET /berth/system/disk. Layers are counted from their records; what containers write is walked. */
export async function diskMap(engine: Engine): Promise<DiskMap> {
  const { containers, files, layers, volumes } = engine;
  const all = containers.all();
  const images = await imageItems(engine);
  const written = await eachOf(all, (container) => layers.size(container.files.upper));
  const logs = await eachOf(all, (container) => directoryBytes(container.files.log));
  const volumeItems = await eachOf(volumes.list(), (volume) => layers.size(volume.Mountpoint));
  const downloads = await namedBytes(files.downloads);
  const layerBytes = sum(layers.list().map((chain) => layers.record(chain)?.sizeBytes ?? 0));
  const usedBytes = sum([...images.used].map((chain) => layers.record(chain)?.sizeBytes ?? 0));
  const shared = await Promise.all(
    layers.list().map(async (chain) => {
      const { index, frame, relation } = files.layer(chain);
      return sum(await Promise.all([index, frame, relation].map(fileBytes)));
    }),
  );
  return {
    disk: await readDisk(files.root),
    images: { bytes: layerBytes, unusedBytes: layerBytes - usedBytes, items: largestFirst(images.items) },
    writableLayers: section(written.map(containerItem)),
    logs: section(logs.map(containerItem)),
    volumes: section(
      volumeItems.map(
        ([{ Name }, bytes]): DiskVolume => ({ name: Name, bytes, containers: volumes.usersOf(Name) }),
      ),
    ),
    downloads: section(downloads),
    indexes: { bytes: sum(shared) },
  };
}

async function imageItems({
  containers,
  images,
  layers,
}: Engine): Promise<{ items: DiskImage[]; used: Set<string> }> {
  const users = containers.parts.registry.imageUsers;
  const list = await images.list({ all: true, sharedSize: false, filters: {}, users });
  const resolved = await Promise.all(list.map(({ Id }) => images.resolve(Id)));
  const counts = new Map<string, number>();
  for (const image of resolved) {
    for (const chain of image.layers) counts.set(chain, (counts.get(chain) ?? 0) + 1);
  }
  const bytesOf = (chain: string) => layers.record(chain)?.sizeBytes ?? 0;
  const items = resolved.map((image): DiskImage => {
    const uniqueBytes = sum(image.layers.filter((chain) => counts.get(chain) === 1).map(bytesOf));
    const bytes = sum(image.layers.map(bytesOf));
    const containerIds = users.of(image.id).map(({ containerId }) => containerId);
    return {
      id: image.id,
      names: image.repoTags,
      bytes,
      sharedBytes: bytes - uniqueBytes,
      uniqueBytes,
      containers: containerIds,
    };
  });
  return { items, used: new Set(counts.keys()) };
}

function containerItem([container, bytes]: [Container, number]): DiskContainer {
  return { id: container.id, name: container.name, running: container.running, bytes };
}

/** Measures a few at a time; what is removed meanwhile is left out. */
async function eachOf<T>(items: readonly T[], measure: (item: T) => Promise<number>): Promise<[T, number][]> {
  const measured: [T, number][] = [];
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        measured.push([item, await measure(item)]);
      } catch (error) {
        if (!isErrno(error) || error.code !== 'ENOENT') throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: walksAtOnce }, worker));
  return measured;
}

function section<Item extends { bytes: number }>(items: Item[]): { bytes: number; items: Item[] } {
  return { bytes: sum(items.map(({ bytes }) => bytes)), items: largestFirst(items) };
}

function largestFirst<Item extends { bytes: number }>(items: Item[]): Item[] {
  return items.toSorted((a, b) => b.bytes - a.bytes);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Bytes of the files directly in one of the engine's own directories. */
async function directoryBytes(directory: string): Promise<number> {
  return sum((await namedBytes(directory)).map(({ bytes }) => bytes));
}

async function namedBytes(directory: string): Promise<{ name: string; bytes: number }[]> {
  const names = await readdir(directory).catch(() => []);
  return await Promise.all(
    names.map(async (name) => ({ name, bytes: await fileBytes(join(directory, name)) })),
  );
}

async function fileBytes(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
