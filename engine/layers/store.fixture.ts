import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { nativePath } from '../native/addon/load.ts';
import { type EngineFiles, engineFiles } from '../store/files.ts';
import { openLayers } from './layer-store.ts';
import { openLayerTrees } from './layer-trees.ts';
import type { Layers, LayerTrees } from './layers.ts';
import { type TarEntry, tarOf } from './tar.fixture.ts';

/** The one with sanitizers where the tests of native code name it. */
const unpackProgram = process.env.BERTH_TEST_UNPACK ?? nativePath('berth-unpack');

/** A real layer store in a directory of its own, with the real unpacker. */
export class TestStore implements AsyncDisposable {
  readonly directory: string;
  readonly files: EngineFiles;
  readonly program = unpackProgram;
  readonly trees: LayerTrees;
  readonly layers: Layers;
  private constructor(directory: string, files: EngineFiles, layers: Layers) {
    this.directory = directory;
    this.files = files;
    this.layers = layers;
    this.trees = openLayerTrees({ files, unpackProgram });
  }

  static async open({
    driver,
    parent = tmpdir(),
  }: {
    driver?: string;
    parent?: string;
  } = {}): Promise<TestStore> {
    const directory = mkdtempSync(join(parent, 'berth-layers-'));
    const files = engineFiles({ root: join(directory, 'root'), run: join(directory, 'run') });
    const layers = await openLayers({
      files,
      unpackProgram,
      ...(driver === undefined ? {} : { driver }),
    });
    return new TestStore(directory, files, layers);
  }

  /** Unpacks a tar as the layer on top of `below` (chain ids, base first); gives the chain with it. */
  async add(below: string[], entries: readonly TarEntry[] | Buffer): Promise<string[]> {
    const blob = Readable.from([Buffer.isBuffer(entries) ? entries : tarOf(entries)]);
    const parent = below.at(-1);
    const applied = await this.layers.apply({
      blob,
      mediaType: '',
      ...(parent === undefined ? {} : { parent }),
    });
    await applied.commit();
    return [...below, applied.chainHex];
  }

  /** An empty directory that stands for a container's writable layer. */
  upper(): string {
    return mkdtempSync(join(this.directory, 'upper-'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.layers.settled();
    await this.layers.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
