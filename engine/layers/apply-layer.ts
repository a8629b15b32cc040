import { randomUUID } from 'node:crypto';
import { mkdir, rename, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BerthError, isErrno } from '../errors.ts';
import type { EngineFiles } from '../store/files.ts';
import { writeJson } from '../store/json-file.ts';
import { chainHex } from './chain-id.ts';
import type { AppliedLayer, StorageDriver } from './driver.ts';
import type { LayerRecords } from './layer-records.ts';
import type { LayerRecord } from './layers.ts';
import type { Trash } from './trash.ts';
import { startUnpack } from './unpack-program.ts';

/** Bytes of the disk that unpacking leaves free, so that a layer that fills it stops before everything else does. */
const reserveBytes = 32 * 1024 * 1024;

type ApplyOptions = Parameters<StorageDriver['apply']>[0];

export interface ApplyParts {
  files: EngineFiles;
  program: string;
  records: LayerRecords;
  trash: Trash;
  /** Called before the layer becomes visible, with its directory; the layers below are visible. */
  finish(directory: string, record: LayerRecord): Promise<void>;
}

interface Unpacked {
  diffId: string;
  blobDigest: string;
  blobBytes: number;
  tarBytes: number;
  sizeBytes: number;
  entries: number;
  opaqueRoot: boolean;
}

/** Unpacks one blob into a directory that nobody sees yet; see StorageDriver.apply. */
export async function applyLayer(parts: ApplyParts, options: ApplyOptions): Promise<AppliedLayer> {
  const directory = join(parts.files.tmp, `layer-${randomUUID()}`);
  await mkdir(directory, { mode: 0o711 });
  try {
    const unpacked = await unpackInto(parts, directory, options);
    check(unpacked, options);
    const record: LayerRecord = {
      diffId: unpacked.diffId,
      ...(options.parent === undefined ? {} : { parent: options.parent }),
      sizeBytes: unpacked.sizeBytes,
      tarBytes: unpacked.tarBytes,
      entries: unpacked.entries,
      ...(unpacked.opaqueRoot ? { opaqueRoot: true } : {}),
      blobs: [],
      format: 1,
    };
    return applied(parts, directory, record, unpacked);
  } catch (error) {
    await parts.trash.discard(directory);
    throw error;
  }
}

async function unpackInto(parts: ApplyParts, directory: string, options: ApplyOptions): Promise<Unpacked> {
  const task = startUnpack({
    program: parts.program,
    task: 'unpack',
    directory,
    options: { 'max-bytes': await freeBytes(directory) },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    onProgress: (progress) => options.progress?.(progress.blobBytes),
  });
  const feeding = feed(options.blob, task.stdin!);
  // The program's word comes first: when it ends early, its reason is worth more than the broken pipe's.
  const [result, fed] = await Promise.allSettled([task.result, feeding]);
  if (fed.status === 'rejected' && !isBrokenPipe(fed.reason)) throw fed.reason;
  if (result.status === 'rejected') throw result.reason;
  if (fed.status === 'rejected') throw fed.reason;
  return result.value as unknown as Unpacked;
}

/** What breaks off the input must not look like its end to the program: it is told by the caller's signal or a kill. */
async function feed(blob: Readable, stdin: NodeJS.WritableStream): Promise<void> {
  await pipeline(blob, stdin);
}

function isBrokenPipe(error: unknown): boolean {
  return (
    isErrno(error) &&
    (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET')
  );
}

async function freeBytes(directory: string): Promise<number> {
  const space = await statfs(directory);
  const free = space.bavail * space.bsize - reserveBytes;
  if (free <= 0) {
    throw new BerthError('disk-full', 'failed to register layer: no space left on device');
  }
  // A tar may name more than it stores (holes, links): the disk itself refuses what does not fit.
  return Math.floor(free * 2);
}

function check(unpacked: Unpacked, options: ApplyOptions): void {
  if (options.blobDigest !== undefined && unpacked.blobDigest !== options.blobDigest) {
    throw mismatch(
      'filesystem layer verification failed for digest',
      options.blobDigest,
      unpacked.blobDigest,
    );
  }
  if (options.diffId !== undefined && unpacked.diffId !== options.diffId) {
    throw mismatch('layers from manifest don’t match image configuration', options.diffId, unpacked.diffId);
  }
}

function mismatch(text: string, expected: string, actual: string): BerthError {
  return new BerthError('digest-mismatch', `${text} ${expected}`, { expected, actual });
}

function applied(
  parts: ApplyParts,
  directory: string,
  record: LayerRecord,
  unpacked: Unpacked,
): AppliedLayer {
  const chain = chainHex(record.diffId, record.parent);
  return {
    diffId: record.diffId,
    chainHex: chain,
    blobDigest: unpacked.blobDigest,
    blobBytes: unpacked.blobBytes,
    tarBytes: unpacked.tarBytes,
    sizeBytes: unpacked.sizeBytes,
    entries: unpacked.entries,
    async commit() {
      if (parts.records.get(chain) !== undefined) {
        await parts.trash.discard(directory);
        return;
      }
      await parts.finish(directory, record);
      await writeJson(join(directory, 'layer.json'), record, { durable: false });
      try {
        await rename(directory, parts.files.layer(chain).dir);
      } catch (error) {
        if (!isErrno(error) || (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST')) throw error;
        await parts.trash.discard(directory);
        return;
      }
      parts.records.add(chain, record);
    },
    async discard() {
      await parts.trash.discard(directory);
    },
  };
}
