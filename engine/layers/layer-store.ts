import { mkdir } from 'node:fs/promises';
import { BerthError } from '../errors.ts';
import type { StorageDriver } from './driver.ts';
import { ensureInitLayer } from './init-layer.ts';
import { LayerRecords } from './layer-records.ts';
import type { Layers, LayersOptions } from './layers.ts';
import { overlay2, syncFileSystem } from './overlay2.ts';
import { relateLayer } from './relate-layer.ts';
import { Trash } from './trash.ts';

/**
 * Opens the layer store under the data root: reads the records of visible layers, goes on deleting what is in trash.
 * Throws refused-option for a storage driver that this engine does not have.
 */
export async function openLayers(options: LayersOptions): Promise<Layers> {
  const { files, unpackProgram: program } = options;
  for (const path of [files.tmp, files.trash]) await mkdir(path, { recursive: true, mode: 0o711 });
  const records = await LayerRecords.open(files);
  const trash = new Trash({ directory: files.trash, program });
  await trash.sweep();
  const init = await ensureInitLayer(files);
  const driver = openDriver(options.driver ?? 'overlay2', () =>
    overlay2({
      files,
      program,
      records,
      trash,
      init,
      finish: (directory, { parent }) =>
        relateLayer({ files, directory, below: parent === undefined ? [] : records.chain(parent) }),
    }),
  );
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

function openDriver(name: string, open: () => StorageDriver): StorageDriver {
  if (name === 'overlay2') return open();
  throw new BerthError(
    'refused-option',
    `storage driver "${name}" is not supported: this engine has overlay2`,
    { option: 'storage-driver', value: name },
  );
}
