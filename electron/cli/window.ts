import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { writeFileAtomic } from '../host/atomic-file.ts';
import type { HostFiles } from '../host/files.ts';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Browsers that can show one page as a window of its own, best first. */
const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

function programInPath(names: string[]): string | undefined {
  for (const name of names) {
    for (const directory of (process.env.PATH ?? '').split(':')) {
      const path = join(directory, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here; the next directory.
      }
    }
  }
  return undefined;
}

/** Electron's program, where its binary has been downloaded. */
export function electronProgram(): string | undefined {
  const name =
    process.platform === 'win32'
      ? 'electron.exe'
      : process.platform === 'darwin'
        ? 'Electron.app/Contents/MacOS/Electron'
        : 'electron';
  const path = join(projectDir, 'node_modules', 'electron', 'dist', name);
  return existsSync(path) ? path : undefined;
}

/** A desktop to open a window on: always on macOS and Windows, a display server on Linux. */
function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY) || Boolean(process.env.WAYLAND_DISPLAY);
}

export interface WindowOptions {
  /** The page with its one-time token. */
  url: string;
  files: HostFiles;
  /** For Electron's shell, to find the same host. */
  hostArguments: string[];
}

/**
 * Opens the app: Electron where its binary is present, else a Chromium app window. Returns what opened, or undefined
 * when there is neither: the caller prints the URL then. Command lines can be read by every user of this computer, and
 * the URL's token opens the app to whoever is first, so it never stands on one: Electron's shell asks for a token
 * itself, and Chromium is sent on by a file that is its owner's alone.
 */
export function openWindow({
  url,
  files,
  hostArguments,
}: WindowOptions): 'electron' | 'chromium' | undefined {
  if (!hasDisplay()) return undefined;
  const electron = electronProgram();
  if (electron) {
    detach(electron, [projectDir, ...hostArguments]);
    return 'electron';
  }
  const browser = programInPath(browsers);
  if (!browser) return undefined;
  const profile = join(files.dataDir, 'window');
  // Chromium refuses its sandbox to root; the page is our own and comes from loopback only.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  detach(browser, [
    `--app=${pathToFileURL(writeForwarder(files.forwarder, url))}`,
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--window-size=1440,900',
    ...root,
  ]);
  return 'chromium';
}

function writeForwarder(file: string, url: string): string {
  writeFileAtomic(
    file,
    `<!doctype html><title>Berth</title><meta http-equiv="refresh" content="0;url=${url}">\n`,
  );
  return file;
}

function detach(program: string, args: string[]): void {
  spawn(program, args, { detached: true, stdio: 'ignore' }).unref();
}
