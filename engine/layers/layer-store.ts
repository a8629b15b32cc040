import { mkdir, readFile } from 'node:fs/promises';
import { BerthError } from '../errors.ts';
import type { EngineFiles } from '../store/files.ts';
import { writeText } from '../store/json-file.ts';
import { StartRefused } from '../store/root.ts';
import type { StorageDriver } from './driver.ts';
import { ensureInitLayer } from './init-layer.ts';
import { LayerRecords } from './layer-records.ts';
import type { Layers, LayersOptions } from './layers.ts';
import { type Overlay2Options, overlay2, syncFileSystem } from './overlay2.ts';
import { relateLayer } from './relate-layer.ts';
import { Trash } from './trash.ts';
import { vfs } from './vfs.ts';

/**
 * Opens the layer store under the data root: reads the records of visible layers, goes on deleting what is in trash.
 * Throws refused-option for a storage driver that this engine does not have, StartRefused for layers of another one.
 */
export async function openLayers(options: LayersOptions): Promise<Layers> {
  const { files, unpackProgram: program } = options;
  for (const path of [files.tmp, files.trash]) await mkdir(path, { recursive: true, mode: 0o711 });
  const records = await LayerRecords.open(files);
  const trash = new Trash({ directory: files.trash, program });
  await trash.sweep();
  const init = await ensureInitLayer(files);
  const name = options.driver ?? 'overlay2';
  const open = drivers[name];
  if (open === undefined) throw unknownDriver(name);
  await checkDriver(files, name, records.list().length);
  const driver = open({
    files,
    program,
    records,
    trash,
    init,
    finish: (directory, { parent }) =>
      relateLayer({ files, directory, below: parent === undefined ? [] : records.chain(parent) }),
  });
  return {
    ...driver,
    record: (chain) => records.get(chain),
    list: () => records.list(),
    addBlob: (chain, blob) => records.addBlob(chain, blob),
    sync: () => syncFileSystem(program, files.root),
    discard: (path) => trash.discard(path),
    settled: () => trash.settled(),
    close: () => trash.close(),
  };
}

const drivers: Record<string, (options: Overlay2Options) => StorageDriver> = { overlay2, vfs };

function unknownDriver(name: string): BerthError {
  const known = Object.keys(drivers).join(' and ');
  return new BerthError(
    'refused-option',
    `storage driver "${name}" is not supported: this engine has ${known}`,
    { option: 'storage-driver', value: name },
  );
}

/** Layers of another driver are there and cannot be used: that is said, instead of showing an empty store. */
async function checkDriver(files: EngineFiles, name: string, layers: number): Promise<void> {
  const stored = await readFile(files.layerDriver, 'utf8').catch(() => (layers > 0 ? 'overlay2' : name));
  if (stored.trim() !== name && layers > 0) {
    throw new StartRefused(
      `${files.root} has ${layers} layers of the storage driver ${stored.trim()}, and "storage-driver" says ${name}. ` +
        `Start with ${stored.trim()} and remove its images first, or give another data-root.`,
    );
  }
  await writeText(files.layerDriver, `${name}\n`, { durable: false });
}
