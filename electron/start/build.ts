import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectDir } from './node24.mjs';
import { buildNeeds, installMissing } from './system-packages.ts';

/**
 * Builds what runs: native programs, the engine's bundle, the renderer, the machine's image. Each step is skipped
 * while its inputs are what they were; an unchanged tree runs no compiler, package manager or packer.
 */
export interface BuildStep {
  name: string;
  says: string;
  /** Files and directories, relative to the project; their names and contents make the step's stamp. */
  inputs: string[];
  outputs: string[];
  run(): void | Promise<void>;
}

const native = 'build/native';
const bundle = 'build/bundle';
const shell = 'build/shell';
const nativePrograms = ['berth-shim', 'berth-unpack', 'berth-init', 'addon.node'];

const steps: BuildStep[] = [
  {
    name: 'native',
    says: 'Compiling the native programs (monitor, runtime, unpacker, addon)',
    inputs: ['engine/native'],
    outputs: [...nativePrograms, 'berth-runtime'].map((name) => join(native, name)),
    run: () => program('sh', ['engine/native/build.sh', 'shim', 'runtime', 'unpack', 'init', 'addon']),
  },
  {
    name: 'bundle',
    says: 'Bundling the engine',
    inputs: ['engine', 'package-lock.json', 'electron/start/build.ts'],
    outputs: [join(bundle, 'engine.mjs'), join(bundle, 'manifest.json')],
    run: bundleEngine,
  },
  {
    name: 'renderer',
    says: 'Building the app’s page',
    inputs: ['renderer', 'engine/api', 'electron/host/api', 'package-lock.json'],
    outputs: ['build/renderer/index.html'],
    run: () =>
      program('node_modules/.bin/vite', [
        'build',
        '--config',
        'renderer/vite.config.ts',
        '--logLevel',
        'warn',
      ]),
  },
  {
    name: 'shell',
    says: 'Bundling the desktop shell',
    inputs: ['electron', 'engine/api', 'package.json', 'package-lock.json'],
    outputs: ['main.cjs', 'preload.cjs', 'host.mjs', 'tray.png'].map((name) => join(shell, name)),
    run: bundleShell,
  },
  {
    name: 'machine',
    says: 'Building the machine’s image from Debian packages (about a minute; later starts skip this)',
    inputs: ['vm-images', 'package-lock.json'],
    outputs: ['vmlinuz', 'initramfs.cpio.zst', 'system.erofs', 'manifest.json'].map((name) =>
      join('build/machine', name),
    ),
    run: () => program(process.execPath, ['vm-images/build.ts']),
  },
];

/** One file of JavaScript and the native programs beside it: what the host pushes into a machine. */
async function bundleEngine(): Promise<void> {
  await bundleOne('engine/main.ts', bundle, 'engine.mjs');
  completeBundle(native, bundle);
}

/** Puts the native programs beside the engine's file and names all by their digests in manifest.json. */
export function completeBundle(programs: string, directory: string): void {
  const files: Record<string, string> = {};
  for (const name of nativePrograms) copyFileSync(join(programs, name), join(directory, name));
  for (const name of ['engine.mjs', ...nativePrograms])
    files[name] = digest(readFileSync(join(directory, name)));
  const version = projectVersion();
  const hash = digest(Buffer.from(JSON.stringify(files))).slice(0, 16);
  writeFileSync(join(directory, 'manifest.json'), `${JSON.stringify({ version, hash, files }, null, 2)}\n`);
}

function projectVersion(): string {
  return (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
}

/** Electron's entry and its preload, which have to be CommonJS in a sandbox, and the host that it starts where none lives. */
async function bundleShell(): Promise<void> {
  await bundleOne('electron/shell/main.ts', shell, 'main.cjs');
  await bundleOne('electron/shell/preload.ts', shell, 'preload.cjs');
  await bundleOne('electron/host/main.ts', shell, 'host.mjs');
  copyFileSync('electron/shell/tray.png', join(shell, 'tray.png'));
}

/** One program with all that it imports in one file; by its ending CommonJS or a module. */
async function bundleOne(entry: string, outDir: string, name: string): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: projectDir,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['electron'] },
    define: {
      __BERTH_VERSION__: JSON.stringify(projectVersion()),
      // Packages in CommonJS say it; a module has it by another name.
      ...(name.endsWith('.mjs') ? { __dirname: 'import.meta.dirname' } : {}),
    },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      target: 'node24',
      minify: true,
      rollupOptions: {
        // ssh2 does without its compiled parts, which are tried and not there.
        external: [/\.node$/],
        output: {
          entryFileNames: name,
          format: name.endsWith('.cjs') ? 'cjs' : 'es',
          codeSplitting: false,
        },
      },
    },
  });
}

function program(command: string, args: string[]): void {
  const result = spawnSync(command, args, { cwd: projectDir, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')} failed with status ${result.status}`);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Names and contents of all inputs in one digest; tests and prose do not count. */
export function inputsDigest(inputs: string[]): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    if (/(^|\/)(node_modules|build|fixtures|corpus|test)$|\.(test|proof)\.tsx?$|\.md$/.test(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else {
      hash.update(`${path}\0`).update(digest(readFileSync(path)));
    }
  };
  for (const input of inputs) visit(input);
  return hash.digest('hex');
}

/** Runs the steps whose inputs changed or whose outputs are gone; returns the names of those that ran. */
export async function buildAll(only?: string[]): Promise<string[]> {
  process.chdir(projectDir);
  const ran: string[] = [];
  for (const step of steps) {
    if (only && !only.includes(step.name)) continue;
    const stamp = join('build/stamps', step.name);
    const wanted = inputsDigest(step.inputs);
    const fresh = step.outputs.every((output) => existsSync(output));
    if (fresh && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) continue;
    if (ran.length === 0) installMissing(buildNeeds);
    console.log(`${step.says} …`);
    rmSync(stamp, { force: true });
    await step.run();
    const absent = step.outputs.filter((output) => !existsSync(output));
    if (absent.length > 0) throw new Error(`the step ${step.name} made no ${absent.join(', ')}`);
    mkdirSync('build/stamps', { recursive: true });
    writeFileSync(stamp, wanted);
    ran.push(step.name);
  }
  return ran;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const only = process.argv.slice(2);
  await buildAll(only.length > 0 ? only : undefined);
}
