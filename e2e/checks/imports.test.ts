import { expect, test } from 'vitest';
import { checkFile, sources, wrongImports, wrongPackages } from './imports.ts';

test('every import goes in an allowed direction', () => {
  const files = sources();
  expect(files.length).toBeGreaterThan(30);
  expect(files.flatMap(checkFile)).toEqual([]);
});

test.each([
  ['engine/layers/x.ts', "import { a } from '../images/images.ts';"],
  ['engine/images/x.ts', "import { a } from '../containers/containers.ts';"],
  ['engine/containers/x.ts', "import type { Addon } from '../native/addon/addon.d.ts';"],
  ['engine/api/x.ts', "export * from '../errors.ts';"],
  ['renderer/app.tsx', "import { hostFiles } from '../electron/host/files.ts';"],
  ['renderer/features/images/x.tsx', "const a = await import('../containers/list.tsx');"],
  ['electron/host/main.ts', "import '../../engine/main.ts';"],
])('a wrong import fails: %s', (path, source) => {
  expect(wrongImports(path, source)).toHaveLength(1);
});

test('ssh2 and electron are loaded in one place each', () => {
  expect(wrongPackages('electron/host/ports/x.ts', "import { Client } from 'ssh2';")).toHaveLength(1);
  expect(wrongPackages('electron/host/main.ts', "import { app } from 'electron';")).toHaveLength(1);
});
