import { BerthError, isErrno } from '../errors.ts';
import type { EngineFiles } from '../store/files.ts';
import { type ByteSource, openFileBytes } from './byte-source.ts';
import { type EntryExtra, type IndexEntry, LayerIndex } from './layer-index.ts';
import { type EntryPlace, type EntryRelation, LayerRelation } from './layer-relation.ts';
import { damaged, type Reading } from './reading.ts';

/** The layers of an image, base first, opened as they are needed and closed together. `level` 1 is the base. */
export class LayerStack implements AsyncDisposable {
  readonly #files: EngineFiles;
  readonly #chains: readonly string[];
  readonly #sources: Promise<ByteSource>[] = [];
  readonly #indexes = new Map<number, Promise<LayerIndex>>();
  readonly #relations = new Map<number, Promise<LayerRelation>>();
  constructor(files: EngineFiles, chains: readonly string[]) {
    this.#files = files;
    this.#chains = chains;
  }

  get height(): number {
    return this.#chains.length;
  }

  /** Chain id (hex) of the layer with a level. */
  chain(level: number): string {
    return this.#chains[level - 1] ?? '';
  }

  index(reading: Reading, level: number): Promise<LayerIndex> {
    return this.#opened(this.#indexes, level, 'index', (source) => LayerIndex.open(source, reading));
  }

  relation(reading: Reading, level: number): Promise<LayerRelation> {
    return this.#opened(this.#relations, level, 'relation', (source) => LayerRelation.open(source, reading));
  }

  #opened<T>(
    known: Map<number, Promise<T>>,
    level: number,
    name: 'index' | 'relation',
    parse: (source: ByteSource) => Promise<T>,
  ): Promise<T> {
    const before = known.get(level);
    if (before !== undefined) return before;
    const chain = this.#chains[level - 1];
    if (chain === undefined) throw damaged();
    const source = openSource(this.#files.layer(chain)[name], chain);
    this.#sources.push(source);
    const opened = source.then(parse);
    known.set(level, opened);
    return opened;
  }

  async entry(reading: Reading, place: EntryPlace): Promise<IndexEntry> {
    return await (await this.index(reading, place.level)).entry(reading, place.entry);
  }

  /** What lies at places of several layers, in their order. */
  async entries(reading: Reading, places: readonly EntryPlace[]): Promise<IndexEntry[]> {
    return await this.#byLevel(
      places,
      (place) => place.level,
      async (level, own) => {
        const index = await this.index(reading, level);
        return await index.entries(
          reading,
          own.map(({ entry }) => entry),
        );
      },
    );
  }

  async names(reading: Reading, found: readonly LeveledEntry[]): Promise<Buffer[]> {
    return await this.#byLevel(found, levelOf, async (level, own) => {
      return await (await this.index(reading, level)).names(reading, own.map(entryOf));
    });
  }

  async extras(reading: Reading, found: readonly LeveledEntry[]): Promise<EntryExtra[]> {
    return await this.#byLevel(found, levelOf, async (level, own) => {
      return await (await this.index(reading, level)).extras(reading, own.map(entryOf));
    });
  }

  async wholeExtra(reading: Reading, { level, entry }: LeveledEntry): Promise<EntryExtra> {
    return await (await this.index(reading, level)).wholeExtra(reading, entry);
  }

  async relations(reading: Reading, places: readonly EntryPlace[]): Promise<EntryRelation[]> {
    return await this.#byLevel(
      places,
      (place) => place.level,
      async (level, own) => {
        const relation = await this.relation(reading, level);
        return await relation.relations(
          reading,
          own.map(({ entry }) => entry),
        );
      },
    );
  }

  async #byLevel<T, R>(
    items: readonly T[],
    level: (item: T) => number,
    read: (level: number, own: T[]) => Promise<R[]>,
  ): Promise<R[]> {
    const groups = new Map<number, number[]>();
    for (const [position, item] of items.entries()) {
      const group = groups.get(level(item));
      if (group === undefined) groups.set(level(item), [position]);
      else group.push(position);
    }
    const result = new Array<R>(items.length);
    await Promise.all(
      [...groups].map(async ([of, positions]) => {
        const own = await read(
          of,
          positions.map((position) => items[position]!),
        );
        for (const [index, position] of positions.entries()) result[position] = own[index]!;
      }),
    );
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of await Promise.allSettled(this.#sources)) {
      if (opened.status === 'fulfilled') await opened.value.close();
    }
  }
}

export interface LeveledEntry {
  level: number;
  entry: IndexEntry;
}

const levelOf = ({ level }: LeveledEntry) => level;
const entryOf = ({ entry }: LeveledEntry) => entry;

async function openSource(path: string, chain: string): Promise<ByteSource> {
  try {
    return await openFileBytes(path);
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ENOENT') throw error;
    throw new BerthError('layer-not-found', `layer does not exist: ${chain}`, { layer: chain });
  }
}

/** The path in a layer without its leading slash, cleaned as a look-up needs it. */
export function layerPath(path: Uint8Array): Buffer {
  const text = Buffer.from(path).toString('latin1');
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  return Buffer.from(parts.join('/'), 'latin1');
}

/** Directory and last part of a cleaned path; the root has no last part. */
export function splitPath(path: Buffer): { parent: Buffer; name: Buffer } {
  const slash = path.lastIndexOf(0x2f);
  return { parent: path.subarray(0, Math.max(0, slash)), name: path.subarray(slash + 1) };
}
