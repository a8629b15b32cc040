import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineFiles } from '../store/files.ts';
import { readJson, syncDirectory, writeJson } from '../store/json-file.ts';
import type { NetworkRecord } from './network-record.ts';

/** The records of the user's networks on disk: networks/<id>/network.json. */
export class NetworkStore {
  readonly #files: Pick<EngineFiles, 'networks' | 'network' | 'tmp'>;

  constructor(files: Pick<EngineFiles, 'networks' | 'network' | 'tmp'>) {
    this.#files = files;
  }

  async load(): Promise<NetworkRecord[]> {
    const ids = await readdir(this.#files.networks);
    const records = await Promise.all(ids.map((id) => readJson(this.#files.network(id).record)));
    return records.filter((record) => record !== undefined) as NetworkRecord[];
  }

  /** Durable when this resolves. */
  async add(record: NetworkRecord): Promise<void> {
    const half = join(this.#files.tmp, `network.${record.id}`);
    await mkdir(half, { mode: 0o700 });
    await writeJson(join(half, 'network.json'), record, { durable: true });
    await rename(half, this.#files.network(record.id).dir);
    await syncDirectory(this.#files.networks);
  }

  /** Durable when this resolves. */
  async remove(id: string): Promise<void> {
    await rm(this.#files.network(id).dir, { recursive: true, force: true });
    await syncDirectory(this.#files.networks);
  }
}
