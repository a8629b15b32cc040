import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EntryMark, TreeEntry, TreePage } from '../api/layers.ts';
import type { EngineFiles } from '../store/files.ts';
import { memoryBytes } from './byte-source.ts';
import { readFileIn } from './file-reader.ts';
import { type IndexEntry, LayerIndex } from './layer-index.ts';
import { LayerStack, layerPath } from './layer-stack.ts';
import type { Change, OpenedFile, TreeOptions } from './layers.ts';
import { type LowerDirectory, LowerTree, sameStanding } from './lower-tree.ts';
import { noDirectory } from './no-path.ts';
import { pathName } from './path-name.ts';
import { pageBytes, Reading } from './reading.ts';
import { extraFields, page, treeEntry } from './tree-page.ts';
import { startUnpack } from './unpack-program.ts';
import { upperChanges } from './upper-changes.ts';
import { copyOf } from './vfs.ts';

/** Bytes of the image's indexes that looking up one name takes at most, in a directory of millions. */
const lookUpBytes = 24 * (12 + 64 + 255);

/** Answers about writable layers. A container may be writing meanwhile, so each is walked anew by a confined program. */
export class UpperTrees {
  readonly #files: EngineFiles;
  readonly #program: string;
  constructor(files: EngineFiles, program: string) {
    this.#files = files;
    this.#program = program;
  }

  async tree(options: TreeOptions & { layers: string[]; upper: string }): Promise<TreePage> {
    const { offset, limit, sort } = options;
    const walked = new Reading();
    const index = await this.walk(options.upper, walked);
    const path = layerPath(options.path);
    const number = await index.directory(walked, path);
    if (number === undefined) throw noDirectory(options.path);
    const directory = await index.entry(walked, number);
    const count = Math.max(0, Math.min(limit, directory.childCount - offset));
    const places =
      sort === 'size'
        ? await index.bySize(walked, directory, offset, count)
        : Array.from({ length: count }, (_, at) => directory.firstChild + offset + at);
    await using stack = new LayerStack(this.#files, options.layers);
    const reading = new Reading(pageBytes);
    const lower = await new LowerTree({ files: this.#files, stack, reading }).directory(path);
    const entries: TreeEntry[] = [];
    for (const entry of await index.entries(walked, places)) {
      if (entries.length > 0 && reading.left < lookUpBytes) break;
      entries.push(await upperEntry({ index, walked, entry, lower, level: stack.height + 1 }));
    }
    return page(options, entries, directory.childCount, reading);
  }

  async openFile({ upper, path }: { upper: string; path: Uint8Array }): Promise<OpenedFile> {
    return await readFileIn({ program: this.#program, directory: upper, path: layerPath(path) });
  }

  async changes({ upper, layers }: { upper: string; layers: string[] }): Promise<Change[]> {
    const reading = new Reading();
    const index = await this.walk(upper, reading);
    await using stack = new LayerStack(this.#files, layers);
    const lower = new LowerTree({ files: this.#files, stack, reading: new Reading() });
    return await upperChanges({ index, lower, reading });
  }

  /** The index that a confined walk of the directory writes. */
  async walk(directory: string, reading: Reading): Promise<LayerIndex> {
    const original = await copyOf(this.#files, directory);
    const task = startUnpack({
      program: this.#program,
      task: 'walk',
      directory,
      ...(original === undefined ? {} : { original }),
    });
    const [bytes] = await Promise.all([buffer(task.stdout as Readable), task.result]);
    return await LayerIndex.open(memoryBytes(bytes), reading);
  }
}

async function upperEntry(options: {
  index: LayerIndex;
  walked: Reading;
  entry: IndexEntry;
  lower: LowerDirectory | undefined;
  level: number;
}): Promise<TreeEntry> {
  const { index, walked, entry, lower, level } = options;
  const [name] = await index.names(walked, [entry]);
  const below = await lower?.child(name!);
  const extra = await index.wholeExtra(walked, entry);
  let mark: EntryMark = below === undefined ? 'added' : sameStanding(entry, below) ? 'same' : 'changed';
  if (entry.kind === 'whiteout') mark = 'removed';
  return { ...treeEntry({ level, entry }), name: pathName(name!), mark, ...extraFields(entry, extra) };
}
