import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError } from '../errors.ts';
import type { EngineFiles } from '../store/files.ts';
import { type ApplyParts, applyLayer } from './apply-layer.ts';
import type { MountPlan, Packing, StorageDriver } from './driver.ts';
import type { LayerRecords } from './layer-records.ts';
import type { Trash } from './trash.ts';
import { runUnpack, startUnpack } from './unpack-program.ts';

export interface Overlay2Options {
  files: EngineFiles;
  program: string;
  records: LayerRecords;
  trash: Trash;
  /** Directory of the init layer. */
  init: string;
  finish: ApplyParts['finish'];
}

/** One directory a layer, put together by overlayfs. */
export function overlay2(options: Overlay2Options): StorageDriver {
  const { files, program, records, trash } = options;
  const known = (chain: string) => {
    const record = records.get(chain);
    if (record === undefined) throw new BerthError('layer-not-found', `layer does not exist: ${chain}`);
    return record;
  };
  const rebuild = (chain: string, packing?: Packing): Readable => {
    const { diffId } = known(chain);
    const task = startUnpack({
      program,
      task: 'rebuild',
      directory: files.layer(chain).dir,
      ...(packing === undefined
        ? {}
        : {
            options: { gzip: 1 },
            signal: packing.signal,
            onProgress: ({ tarBytes }) => packing.progress(tarBytes),
          }),
    });
    const output = new PassThrough();
    // The digest is known at the end only: until then the last bytes are not given out, so a bad tar never ends well.
    const finished = (async () => {
      const [copied, result] = await Promise.allSettled([
        pipeline(task.stdout!, output, { end: false }),
        task.result,
      ]);
      if (result.status === 'rejected') throw result.reason;
      if (copied.status === 'rejected') throw copied.reason;
      if (result.value.diffId !== diffId) throw damaged(chain, diffId, String(result.value.diffId));
      output.end();
    })();
    finished.catch((error: Error) => output.destroy(error));
    return output;
  };
  return {
    name: 'overlay2',
    apply: (request) => applyLayer(options, request),
    async plan(request) {
      return planOverlay(request, {
        init: options.init,
        diff: (chain) => files.layer(chain).diff,
        opaqueRoot: (chain) => known(chain).opaqueRoot === true,
      });
    },
    async size(upper) {
      const task = startUnpack({ program, task: 'walk', directory: upper });
      task.stdout?.resume();
      return Number((await task.result).sizeBytes);
    },
    tar: (chain) => rebuild(chain),
    packed: rebuild,
    async verify(chain) {
      const { diffId } = known(chain);
      const { diffId: actual } = await runUnpack({
        program,
        task: 'verify',
        directory: files.layer(chain).dir,
      });
      if (actual !== diffId) throw damaged(chain, diffId, String(actual));
    },
    async remove(chain) {
      records.forget(chain);
      await trash.discard(files.layer(chain).dir);
    },
  };
}

function damaged(chain: string, expected: string, actual: string): BerthError {
  return new BerthError(
    'layer-invalid',
    `layer ${chain} has changed on disk: ${actual} instead of ${expected}`,
    {
      expected,
      actual,
    },
  );
}

/**
 * The mount plan of a root file system, topmost layer first. The kernel ignores an opaque root directory, so layers
 * below one are left out here.
 */
export function planOverlay(
  request: Parameters<StorageDriver['plan']>[0],
  layers: { init: string; diff: (chain: string) => string; opaqueRoot: (chain: string) => boolean },
): MountPlan {
  const lower: string[] = [];
  for (const chain of request.layers.toReversed()) {
    lower.push(layers.diff(chain));
    if (layers.opaqueRoot(chain)) break;
  }
  lower.push(layers.init);
  return {
    type: 'overlay',
    lower,
    ...(request.upper === undefined ? {} : { upper: request.upper }),
    ...(request.work === undefined ? {} : { work: request.work }),
    ...(request.readOnly ? { readOnly: true } : {}),
    ...(request.volatile ? { volatile: true } : {}),
  };
}

/** Writes everything of a directory's file system to its disk. */
export async function syncFileSystem(program: string, directory: string): Promise<void> {
  await runUnpack({ program, task: 'sync', directory });
}
