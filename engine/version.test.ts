import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { engineVersion } from './version.ts';

test("the engine's version is the package's", () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(engineVersion);
});
