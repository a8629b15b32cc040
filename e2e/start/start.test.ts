import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectHost } from '../../electron/cli/host-process.ts';
import { hostFiles } from '../../electron/host/files.ts';
import { hostOptions } from '../../electron/host/options.ts';
import { type CommandResult, DockerCommand, runCommand } from '../docker-command.ts';
import { imageArchive } from '../engine/archive.ts';
import { VirtualDisplay } from './virtual-display.ts';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const directory = mkdtempSync(join(tmpdir(), 'berth-s-'));
const instance = `s${process.pid}`;
const values = {
  machine: 'local',
  instance,
  'data-dir': join(directory, 'data'),
  'runtime-dir': join(directory, 'run'),
  'engine-root': join(directory, 'root'),
  'engine-run': join(directory, 'engine'),
};
const options = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
const files = hostFiles(hostOptions(values), instance);
const docker = new DockerCommand({ socket: files.dockerSocket, directory });
let display: VirtualDisplay;

beforeAll(async () => {
  display = await VirtualDisplay.start();
});
afterAll(async () => {
  await berth(['stop', '--host']);
  for (const { pid, words } of processes()) if (words.includes(join(directory, 'data', 'window'))) end(pid);
  await display[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

function run(program: string, words: string[], env: Record<string, string> = {}): Promise<CommandResult> {
  return runCommand(program, words, { env: { ...docker.env, ...env } });
}

const start = (...words: string[]) => [join(projectDir, 'electron/start/main.mjs'), ...words, ...options];

function berth(words: string[], env: Record<string, string> = {}): Promise<CommandResult> {
  return run(process.execPath, [join(projectDir, 'electron/cli/main.ts'), ...words, ...options], env);
}

function processes(): { pid: number; words: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return [{ pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
    } catch {
      return [];
    }
  });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // Ended with another of its browser.
  }
}

/** Programs that a command and all of its children executed, as the kernel was asked for them. */
async function executed(words: string[]): Promise<{ result: CommandResult; programs: string[] }> {
  const trace = join(directory, 'trace');
  const flags = ['-f', '-qq', '-e', 'trace=execve', '-e', 'signal=none', '-z', '-o', trace];
  const result = await run('strace', [...flags, process.execPath, ...words]);
  const programs = readFileSync(trace, 'utf8').matchAll(/execve\("([^"]+)"/g);
  return { result, programs: [...programs].map(([, path]) => path as string) };
}

test('npm start opens a window on a running engine of this computer, and says when it was there', async () => {
  const { stdout, stderr, code } = await run(process.execPath, start(), { DISPLAY: display.name });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^The window was there after \d+\.\d s\.$/m);
  await expect.poll(async () => (await connectHost(files).state()).machine.phase).toBe('running');
  expect(await docker.text('version', '--format', '{{.Server.Platform.Name}}')).toBe('Berth');
});

test('no token stands on a command line; the file that has it is its owner’s alone', () => {
  const windows = processes().filter(({ words }) => words.includes(files.forwarder));
  expect(windows.length).toBeGreaterThan(0);
  expect(processes().filter(({ words }) => words.includes('#token='))).toEqual([]);
  expect(readFileSync(files.forwarder, 'utf8')).toContain('#token=');
  expect(statSync(files.forwarder).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(files.forwarder)).mode & 0o777).toBe(0o700);
});

test('a second start executes nothing but Node: no compiler, package manager or packer', async () => {
  const { result, programs } = await executed(start('--no-window'));
  expect(result.code).toBe(0);
  expect(result.stdout).toMatch(/^Open this address \(it works once\): http:\/\/127\.0\.0\.1:\d+\/#token=/m);
  expect(programs.length).toBeGreaterThan(1);
  expect([...new Set(programs.map((path) => basename(path)))]).toEqual(['node']);
});

test('nor does a second build of everything, the machine’s image among it', async () => {
  const { result, programs } = await executed([join(projectDir, 'electron/start/build.mjs')]);
  expect(result).toMatchObject({ code: 0, stdout: '' });
  expect([...new Set(programs.map((path) => basename(path)))]).toEqual(['node']);
});

test('berth engine verify proves that stored layers are as they came, or names what is not', async () => {
  const image = imageArchive({
    tag: 'kept:1',
    layers: [{ command: 'x', entries: [{ name: 'f', data: 'kept' }] }],
  });
  const archive = join(directory, 'kept.tar');
  writeFileSync(archive, image);
  await docker.text('load', '-i', archive);
  const whole = await berth(['engine', 'verify']);
  expect(whole).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing has changed on disk: 1 layers'),
  });
  const layers = join(directory, 'root', 'layers');
  const [chain = ''] = readdirSync(layers).filter((name) => /^[0-9a-f]{64}$/.test(name));
  writeFileSync(join(layers, chain, 'diff/f'), 'else');
  const changed = await berth(['engine', 'verify']);
  expect(changed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^✗ sha256:[0-9a-f]{64} /) });
  expect(changed.stdout).toContain('1 of 1 layers have changed on disk');
});

test('the bundled desktop shell finds the running host and opens its page', async () => {
  const hook = join(directory, 'electron.cjs');
  writeFileSync(
    hook,
    `const { EventEmitter } = require('node:events');
     const Module = require('node:module');
     const app = Object.assign(new EventEmitter(), {
       requestSingleInstanceLock: () => true, setAsDefaultProtocolClient() {}, getLocale: () => 'en',
       whenReady: () => Promise.resolve(), exit: (code) => process.exit(code),
     });
     class BrowserWindow extends EventEmitter {
       constructor(options) { super(); this.options = options; }
       loadURL(url) { console.log(JSON.stringify({ url, options: this.options })); process.exit(0); }
     }
     class Tray extends EventEmitter { setToolTip() {} setContextMenu() {} }
     const session = { defaultSession: { setPermissionRequestHandler() {}, setPermissionCheckHandler() {} } };
     const Menu = { buildFromTemplate: (template) => template, setApplicationMenu() {} };
     const dialog = { showErrorBox: (_title, text) => console.error(text) };
     const electron = { app, BrowserWindow, Tray, Menu, session, dialog };
     const load = Module._load;
     Module._load = (name, ...rest) => (name === 'electron' ? electron : load(name, ...rest));`,
  );
  const shell = join(projectDir, 'build/shell/main.cjs');
  const link = 'berth://images';
  const { stdout, stderr } = await run(process.execPath, ['--require', hook, shell, ...options, link]);
  expect(stderr).toBe('');
  const opened = JSON.parse(stdout) as { url: string; options: { webPreferences: { preload: string } } };
  expect(opened.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/images#token=[\w-]{43}$/);
  expect(opened.options.webPreferences).toMatchObject({ sandbox: true, contextIsolation: true });
  expect(statSync(opened.options.webPreferences.preload).isFile()).toBe(true);
});
