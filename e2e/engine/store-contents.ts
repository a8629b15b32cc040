import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestEngine } from './engine.ts';

/** What lies in an engine's image store, by the names that engine/store/files.ts gives. */
export function storeContents(engine: Pick<TestEngine, 'root'>): {
  images: string[];
  layers: string[];
  /** Things half made: nothing may be here once an operation has ended, well or not. */
  tmp: string[];
  downloads: string[];
} {
  const list = (name: string) => readdirSync(join(engine.root, name)).sort();
  const digests = (names: string[]) => names.filter((name) => /^[0-9a-f]{64}$/.test(name));
  return {
    images: digests(list('images')),
    layers: digests(list('layers')),
    tmp: list('tmp'),
    downloads: list('downloads'),
  };
}
