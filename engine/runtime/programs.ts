import { nativePath } from '../native/addon/load.ts';

/** Path of one of the engine's own native programs (berth-shim, berth-unpack). */
export function programPath(name: 'berth-shim' | 'berth-unpack'): string {
  return nativePath(name);
}
