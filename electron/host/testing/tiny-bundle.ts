import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/** A bundle with the tiny engine, in the form that the host pushes. `words` make it another bundle. */
export function writeTinyBundle(dir: string, words = ''): string {
  const source = readFileSync(new URL('./tiny-engine.ts', import.meta.url), 'utf8');
  const engine = `${stripTypeScriptTypes(source)}\n// ${words}\n`;
  const sum = createHash('sha256').update(engine).digest('hex');
  const hash = sum.slice(0, 16);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'engine.mjs'), engine);
  const manifest = { version: '0.0.0-tiny', hash, files: { 'engine.mjs': sum } };
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  return hash;
}
