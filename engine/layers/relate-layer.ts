import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineFiles } from '../store/files.ts';
import { openFileBytes } from './byte-source.ts';
import { directoryTotals } from './directory-totals.ts';
import { type IndexEntry, LayerIndex } from './layer-index.ts';
import {
  type EntryPlace,
  type EntryRelation,
  hidesContents,
  hidesEntry,
  type RemovedSlot,
} from './layer-relation.ts';
import { LayerStack, type LeveledEntry } from './layer-stack.ts';
import { MergedDirectory } from './merged-directory.ts';
import { Reading } from './reading.ts';
import { RelationWriter } from './relation-writer.ts';

/**
 * Writes down how a layer that has just been unpacked into `directory` stands to the layers below it (chain ids, base
 * first). Only directories that both have are looked into, so it costs as much as the layer changes.
 */
export async function relateLayer(options: {
  files: EngineFiles;
  directory: string;
  below: readonly string[];
}): Promise<void> {
  const { files, directory, below } = options;
  const reading = new Reading();
  await using stack = new LayerStack(files, below);
  const source = await openFileBytes(join(directory, 'index'));
  const file = await open(join(directory, 'relation'), 'wx', 0o600);
  try {
    const index = await LayerIndex.open(source, reading);
    const level = below.length + 1;
    const writer = new RelationWriter({ file, level, entries: index.header.entries });
    if (below.length > 0 || index.header.whiteouts > 0) {
      const relating = new Relating({ stack, index, writer, level, reading });
      const root = below.length > 0 ? { level: level - 1, entry: 0 } : undefined;
      const { number } = await relating.directory(await index.entry(reading, 0), root, false);
      await writer.relations(0, [{ mark: 'same', below: root, directory: number }]);
    }
    await writer.finish();
  } finally {
    await file.close();
    await source.close();
  }
}

/** A live name of a merged directory, with what it adds to the directory's totals. */
interface LiveName extends EntryPlace {
  name: Buffer;
  shownBytes: number;
  bytes: number;
  files: number;
}

interface Named extends LeveledEntry {
  name: Buffer;
}

interface Related {
  number: number;
  bytes: number;
  files: number;
}

class Relating {
  readonly #stack: LayerStack;
  readonly #index: LayerIndex;
  readonly #writer: RelationWriter;
  readonly #level: number;
  readonly #reading: Reading;
  constructor(options: {
    stack: LayerStack;
    index: LayerIndex;
    writer: RelationWriter;
    level: number;
    reading: Reading;
  }) {
    this.#stack = options.stack;
    this.#index = options.index;
    this.#writer = options.writer;
    this.#level = options.level;
    this.#reading = options.reading;
  }

  /**
   * Relates a directory and all below it. `covered`: a directory above is opaque, so what lies below shows nowhere, but
   * still says which names are new.
   */
  async directory(own: IndexEntry, below: EntryPlace | undefined, covered: boolean): Promise<Related> {
    const children = await this.#index.range(this.#reading, own.firstChild, own.childCount);
    const names = await this.#index.names(this.#reading, children);
    const before = await this.#below(below);
    const opaque = covered || own.opaque;
    if (below !== undefined && own.opaque && !covered) await this.#hide(below, hidesContents);
    const relations: EntryRelation[] = [];
    const live: LiveName[] = [];
    const gone: { name: Buffer; place: EntryPlace }[] = [];
    let unnamed = 0;
    let next = 0;
    const passLower = (until: Buffer | undefined) => {
      while (next < before.length && (until === undefined || before[next]!.name.compare(until) < 0)) {
        const lower = before[next++]!;
        if (opaque) {
          gone.push({ name: lower.name, place: { level: lower.level, entry: lower.entry } });
          unnamed++;
        } else live.push(lower);
      }
    };
    for (const [position, child] of children.entries()) {
      const name = names[position]!;
      passLower(name);
      const match = before[next]?.name.equals(name) ? before[next++] : undefined;
      const under = match === undefined ? undefined : { level: match.level, entry: match.entry };
      if (child.kind === 'whiteout') {
        relations.push({ mark: under ? 'removed' : 'same', below: under, directory: undefined });
        if (under === undefined) continue;
        gone.push({ name, place: under });
        if (!opaque) await this.#hide(under, hidesEntry | hidesContents);
        continue;
      }
      const { relation, totals } = await this.#child(child, under, opaque);
      relations.push(relation);
      live.push({ name, level: this.#level, entry: child.number, ...totals });
    }
    passLower(undefined);
    await this.#writer.relations(own.firstChild, relations);
    return this.#write(live, gone, unnamed);
  }

  /** The live names below, with their totals. */
  async #below(place: EntryPlace | undefined): Promise<LiveName[]> {
    if (place === undefined) return [];
    const named = await this.#names(await MergedDirectory.at(this.#stack, this.#reading, place));
    const totals = await directoryTotals(this.#stack, this.#reading, named);
    return named.map(({ level, entry, name }, position) => {
      const own = contribution(entry, totals[position]);
      return { level, entry: entry.number, name, ...own };
    });
  }

  async #names(directory: MergedDirectory): Promise<Named[]> {
    const all = { from: 0, count: directory.count, sort: 'name' as const };
    const places = await directory.places(this.#reading, all);
    const entries = await this.#stack.entries(this.#reading, places);
    const found = entries.map((entry, position) => ({ level: places[position]!.level, entry }));
    const names = await this.#stack.names(this.#reading, found);
    return found.map((one, position) => ({ ...one, name: names[position]! }));
  }

  async #child(
    child: IndexEntry,
    under: EntryPlace | undefined,
    opaque: boolean,
  ): Promise<{ relation: EntryRelation; totals: Omit<LiveName, keyof EntryPlace | 'name'> }> {
    const lower = under === undefined ? undefined : await this.#stack.entry(this.#reading, under);
    // What lies under an opaque directory was hidden with it.
    if (under !== undefined && !opaque && (child.kind !== 'directory' || lower?.kind !== 'directory')) {
      await this.#hide(under, hidesEntry | hidesContents);
    }
    if (child.kind !== 'directory') {
      const mark = under === undefined ? 'added' : 'changed';
      return { relation: { mark, below: under, directory: undefined }, totals: contribution(child) };
    }
    const shared = lower?.kind === 'directory' ? under : undefined;
    const mark = lower === undefined ? 'added' : sameDirectory(child, lower) ? 'same' : 'changed';
    if (shared === undefined && this.#index.header.whiteouts === 0) {
      return { relation: { mark, below: under, directory: undefined }, totals: contribution(child) };
    }
    const { number, bytes, files } = await this.directory(child, shared, opaque);
    return {
      relation: { mark, below: under, directory: number },
      totals: { shownBytes: bytes, bytes, files },
    };
  }

  #write(live: LiveName[], gone: { name: Buffer; place: EntryPlace }[], unnamed: number): Related {
    const order = live.map((_, position) => position);
    order.sort((a, b) => live[b]!.shownBytes - live[a]!.shownBytes || a - b);
    const slots = live.map(({ level, entry }, position) => ({ level, entry, bySize: order[position]! }));
    const removed: RemovedSlot[] = [];
    let position = 0;
    for (const { name, place } of gone) {
      while (position < live.length && live[position]!.name.compare(name) < 0) position++;
      removed.push({ ...place, position });
    }
    const bytes = live.reduce((sum, one) => sum + one.bytes, 0);
    const files = live.reduce((sum, one) => sum + one.files, 0);
    const number = this.#writer.directory({ totals: { bytes, files }, live: slots, removed, unnamed });
    return { number, bytes, files };
  }

  /**
   * Remembers that this layer hides an entry, or what a directory holds: the directory in every layer that adds to it,
   * and all directories below. Files are not named one by one: theirs is their directory's fate.
   */
  async #hide(place: EntryPlace, bits: number): Promise<void> {
    const pending = [{ place, bits }];
    for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
      const entry = await this.#stack.entry(this.#reading, one.place);
      if (entry.kind !== 'directory') {
        this.#writer.hide(one.place.level, one.place.entry, hidesEntry);
        continue;
      }
      for (const version of await this.#versions(one.place, entry)) {
        this.#writer.hide(version.level, version.entry, one.bits);
      }
      const directory = await MergedDirectory.at(this.#stack, this.#reading, one.place);
      const all = { from: 0, count: directory.count, sort: 'name' as const };
      const places = await directory.places(this.#reading, all);
      const entries = await this.#stack.entries(this.#reading, places);
      for (const [position, child] of entries.entries()) {
        if (child.kind !== 'directory') continue;
        pending.push({ place: places[position]!, bits: hidesEntry | hidesContents });
      }
    }
  }

  /** The entries of all layers that a live directory is put together from, topmost first. */
  async #versions(top: EntryPlace, entry: IndexEntry): Promise<EntryPlace[]> {
    const versions = [top];
    for (let at = top, own = entry; !own.opaque; ) {
      const [relation] = await this.#stack.relations(this.#reading, [at]);
      if (relation!.below === undefined) break;
      at = relation!.below;
      own = await this.#stack.entry(this.#reading, at);
      if (own.kind !== 'directory') break;
      versions.push(at);
    }
    return versions;
  }
}

/** What a name adds to its directory: of a hard link nothing, its file counts at its first name. */
function contribution(entry: IndexEntry, totals?: { bytes: number; files: number }) {
  if (entry.kind === 'directory') {
    const { bytes, files } = totals ?? { bytes: entry.size, files: entry.filesBelow };
    return { shownBytes: bytes, bytes, files };
  }
  const isFile = entry.kind === 'file';
  const shownBytes = isFile ? entry.size : 0;
  return { shownBytes, bytes: entry.isLink ? 0 : shownBytes, files: isFile ? 1 : 0 };
}

/** A parent that the tar only passes through, or names as it was, is no change. */
function sameDirectory(own: IndexEntry, lower: IndexEntry): boolean {
  if (own.opaque) return false;
  if (own.implicit) return true;
  return (
    own.mode === lower.mode &&
    own.uid === lower.uid &&
    own.gid === lower.gid &&
    own.mtime === lower.mtime &&
    own.mtimeNs === lower.mtimeNs
  );
}
