import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { HostDirectories } from './files.ts';

export interface HostOptions extends HostDirectories {
  rendererDir: string;
  instance: string;
  /** Overrides the settings for this run. */
  machine: 'qemu' | 'local' | undefined;
  port: number;
  /** The local machine's engine: its program, data root and runtime directory. */
  engineProgram: string | undefined;
  engineRoot: string;
  engineRun: string;
}

/** The options in the words of the command line; the CLI takes the same ones and hands them on. */
export const optionTable = {
  'data-dir': { type: 'string' },
  'runtime-dir': { type: 'string' },
  'image-dir': { type: 'string' },
  'bundle-dir': { type: 'string' },
  'renderer-dir': { type: 'string' },
  instance: { type: 'string' },
  machine: { type: 'string' },
  port: { type: 'string' },
  'engine-program': { type: 'string' },
  'engine-root': { type: 'string' },
  'engine-run': { type: 'string' },
} as const;

export type OptionValues = { [name in keyof typeof optionTable]?: string | undefined };

/** Those of the host's options that stand among other words, such as what a desktop adds to a command line. */
export function pickOptions(words: readonly string[]): OptionValues {
  const { values } = parseArgs({ args: [...words], options: optionTable, strict: false });
  const known = Object.entries(values).filter(
    ([name, value]) => Object.hasOwn(optionTable, name) && typeof value === 'string',
  );
  return Object.fromEntries(known) as OptionValues;
}

/** Values as words of a command line again, to hand on. */
export function argumentsOf(values: OptionValues): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
}

/** Parses the host's command line. Throws an Error whose message is for people. */
export function parseHostOptions(args: string[]): HostOptions {
  return hostOptions(parseArgs({ args, options: optionTable, allowPositionals: false }).values);
}

/** Fills in what was not given by the system's conventions. */
export function hostOptions(values: OptionValues): HostOptions {
  const instance = values.instance ?? 'default';
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(instance)) {
    throw new Error('--instance takes up to 31 small letters, digits and hyphens');
  }
  const { machine } = values;
  if (machine !== undefined && machine !== 'qemu' && machine !== 'local') {
    throw new Error('--machine is qemu or local');
  }
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('--port is a number up to 65535');
  const build = join(installation(), 'build');
  return {
    dataDir: values['data-dir'] ?? defaultDataDir(),
    runtimeDir: values['runtime-dir'] ?? defaultRuntimeDir(),
    imageDir: values['image-dir'] ?? join(build, 'machine'),
    bundleDir: values['bundle-dir'] ?? join(build, 'bundle'),
    rendererDir: values['renderer-dir'] ?? join(build, 'renderer'),
    instance,
    machine,
    port,
    engineProgram: values['engine-program'],
    engineRoot: values['engine-root'] ?? `/var/lib/berth/${instance}`,
    engineRun: values['engine-run'] ?? `/run/berth/${instance}`,
  };
}

/** Where Berth's own files are: the project's directory, also from the bundled build/host/host.mjs. */
function installation(): string {
  return dirname(dirname(dirname(fileURLToPath(import.meta.url))));
}

function defaultDataDir(): string {
  const { env } = process;
  if (process.platform === 'darwin') return join(homedir(), 'Library/Application Support/Berth');
  if (process.platform === 'win32') return join(env.LOCALAPPDATA ?? homedir(), 'Berth');
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'berth');
}

function defaultRuntimeDir(): string {
  const { env } = process;
  if (env.XDG_RUNTIME_DIR !== undefined && env.XDG_RUNTIME_DIR !== '')
    return join(env.XDG_RUNTIME_DIR, 'berth');
  return join(tmpdir(), `berth-${userInfo().uid}`);
}
