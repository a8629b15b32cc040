import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * The import directions of docs/architecture.md, as data. Between areas the tsconfigs hold them too; inside the
 * engine and the renderer only this does.
 */

/** Area of a file: the longest prefix wins. */
const areas = [
  'engine/api',
  'engine/http',
  'engine/routes',
  'engine/containers',
  'engine/images',
  'engine/layers',
  'engine/registry',
  'engine/network',
  'engine/volumes',
  'engine/system',
  'engine/runtime',
  'engine/store',
  'engine/native/addon',
  'engine/native',
  'engine',
  'electron/host/api',
  'electron/host',
  'electron/cli',
  'electron/shell',
  'electron/start',
  'renderer/features',
  'renderer',
  'vm-images',
  'e2e',
] as const;
type Area = (typeof areas)[number];

/** What every domain folder of the engine may use. */
const base: Area[] = ['engine/api', 'engine/store', 'engine'];
const allowed: Record<Area, Area[]> = {
  'engine/api': [],
  'engine/store': ['engine/api', 'engine'],
  'engine/http': base,
  'engine/routes': [
    ...base,
    'engine/http',
    'engine/containers',
    'engine/images',
    'engine/layers',
    'engine/network',
    'engine/volumes',
    'engine/system',
    'engine/registry',
    'engine/runtime',
  ],
  'engine/containers': [
    ...base,
    'engine/runtime',
    'engine/images',
    'engine/layers',
    'engine/network',
    'engine/volumes',
  ],
  'engine/images': [...base, 'engine/layers', 'engine/registry'],
  'engine/layers': [...base, 'engine/native/addon'],
  'engine/registry': base,
  'engine/network': [...base, 'engine/native/addon'],
  'engine/volumes': base,
  // The pages about the whole engine count and size what the other folders have.
  'engine/system': [
    ...base,
    'engine/containers',
    'engine/images',
    'engine/layers',
    'engine/network',
    'engine/volumes',
  ],
  'engine/runtime': [...base, 'engine/native/addon', 'engine/layers'],
  'engine/native/addon': ['engine'],
  'engine/native': [],
  // main.ts puts everything together; errors.ts and events.ts use the contract only.
  engine: [
    ...base,
    'engine/http',
    'engine/routes',
    'engine/containers',
    'engine/images',
    'engine/layers',
    'engine/network',
    'engine/volumes',
    'engine/system',
    'engine/registry',
    'engine/runtime',
  ],
  'electron/host/api': ['engine/api'],
  'electron/host': ['electron/host/api', 'engine/api'],
  'electron/cli': ['electron/host', 'electron/host/api', 'engine/api'],
  'electron/shell': ['electron/cli', 'electron/host', 'electron/host/api', 'engine/api'],
  'electron/start': ['electron/host', 'electron/host/api', 'electron/cli', 'engine/api'],
  'renderer/features': ['renderer', 'electron/host/api', 'engine/api'],
  renderer: ['renderer/features', 'electron/host/api', 'engine/api'],
  'vm-images': ['electron/start'],
  e2e: [...areas],
};

function areaOf(path: string): Area | undefined {
  return areas.find((area) => path === area || path.startsWith(`${area}/`));
}

/** Relative imports of a source text: static, dynamic, re-exports, types. */
function importsOf(source: string): string[] {
  return [...source.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]|^import\s+['"](\.[^'"]+)['"]/gm)].map(
    (match) => (match[1] ?? match[2]) as string,
  );
}

/** A sentence for each import of `source` (a file at `path`) that goes against the directions. */
export function wrongImports(path: string, source: string): string[] {
  const from = areaOf(path);
  if (!from || /\.(test|contract|spec|proof)\.tsx?$/.test(path)) return [];
  return importsOf(source).flatMap((specifier) => {
    const target = relative('.', resolve(dirname(path), specifier));
    const to = areaOf(target);
    if (!to) return [];
    const sameFeature = target.split('/')[2] === path.split('/')[2];
    if (to === from && (from !== 'renderer/features' || sameFeature)) return [];
    if (to !== from && allowed[from].includes(to)) return [];
    return [`${path} imports ${target}: ${from} may not use ${to}`];
  });
}

/** Wrong imports of packages that only one file or folder may load. */
export function wrongPackages(path: string, source: string): string[] {
  const owners: [RegExp, string][] = [
    [/from ['"]ssh2['"]/, 'electron/host/machine/ssh'],
    [/from ['"]electron['"]/, 'electron/shell/'],
  ];
  if (/\.test\.ts$/.test(path)) return [];
  return owners.flatMap(([pattern, owner]) =>
    pattern.test(source) && !path.includes(owner) ? [`${path} imports what only ${owner} may`] : [],
  );
}

/** All TypeScript sources of the project, relative paths. */
export function sources(roots = ['engine', 'electron', 'renderer', 'vm-images', 'e2e']): string[] {
  return roots.flatMap((root) =>
    existsSync(root)
      ? readdirSync(root, { recursive: true, encoding: 'utf8' })
          .map((name) => join(root, name))
          .filter((path) => /\.tsx?$/.test(path) && !path.includes('node_modules') && statSync(path).isFile())
      : [],
  );
}

/** Reads a source and lists everything wrong with its imports. */
export function checkFile(path: string): string[] {
  const source = readFileSync(path, 'utf8');
  return [...wrongImports(path, source), ...wrongPackages(path, source)];
}
