import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Addon } from './addon.d.ts';

/**
 * Path of a native program or of the addon: beside the shipped engine bundle, or in build/native when the sources run
 * unbuilt.
 */
export function nativePath(name: string): string {
  const beside = fileURLToPath(new URL(name, import.meta.url));
  if (existsSync(beside)) return beside;
  return fileURLToPath(new URL(`../../../build/native/${name}`, import.meta.url));
}

/** The one instance of the addon. */
export const addon: Addon = createRequire(import.meta.url)(nativePath('addon.node'));
