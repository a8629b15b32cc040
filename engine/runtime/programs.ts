import { nativePath } from '../native/addon/load.ts';

/** Path of one of the engine's own native programs (berth-shim, berth-unpack, berth-init). */
export function programPath(name: 'berth-shim' | 'berth-unpack' | 'berth-init'): string {
  return nativePath(name);
}
