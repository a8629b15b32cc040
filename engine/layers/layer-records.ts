import { mkdir, readdir } from 'node:fs/promises';
import type { EngineFiles } from '../store/files.ts';
import { readJson, writeJson } from '../store/json-file.ts';
import type { LayerBlob, LayerRecord } from './layers.ts';

/** The facts of all visible layers, by chain id; read once at start, written one file a layer. */
export class LayerRecords {
  readonly #files: EngineFiles;
  readonly #records = new Map<string, LayerRecord>();
  private constructor(files: EngineFiles) {
    this.#files = files;
  }

  static async open(files: EngineFiles): Promise<LayerRecords> {
    const records = new LayerRecords(files);
    await mkdir(files.layers, { recursive: true, mode: 0o711 });
    for (const name of await readdir(files.layers)) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const stored = await readJson(files.layer(name).record);
      if (stored !== undefined) records.#records.set(name, stored as LayerRecord);
    }
    return records;
  }

  get(chainHex: string): LayerRecord | undefined {
    return this.#records.get(chainHex);
  }

  list(): string[] {
    return [...this.#records.keys()];
  }

  /** The chain ids from the base up to a layer. */
  chain(top: string): string[] {
    const chain: string[] = [];
    for (let at: string | undefined = top; at !== undefined; at = this.#records.get(at)?.parent)
      chain.push(at);
    return chain.reverse();
  }

  /** A layer's directory, record included, has just been renamed into place. */
  add(chainHex: string, record: LayerRecord): void {
    this.#records.set(chainHex, record);
  }

  forget(chainHex: string): void {
    this.#records.delete(chainHex);
  }

  async addBlob(chainHex: string, blob: LayerBlob): Promise<void> {
    const record = this.#records.get(chainHex);
    if (record === undefined) return;
    const known = record.blobs.some(
      (other) =>
        other.registry === blob.registry &&
        other.repository === blob.repository &&
        other.digest === blob.digest,
    );
    if (known) return;
    record.blobs.push(blob);
    await writeJson(this.#files.layer(chainHex).record, record, { durable: false });
  }
}
