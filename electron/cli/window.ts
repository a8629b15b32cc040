import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

function electronProgram(): string | undefined {
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

/**
 * Opens the app: Electron where its binary is present, else a Chromium app window. Returns what opened, or
 * undefined when there is neither: the caller prints the URL then. The URL holds a one-time token, so it goes to
 * Electron and Chromium as an argument only on the user's own process list and is spent by the first page load.
 */
export function openWindow(url: string, dataDir: string): 'electron' | 'chromium' | undefined {
  if (!hasDisplay()) return undefined;
  const electron = electronProgram();
  if (electron) {
    detach(electron, [projectDir, `--url=${url}`]);
    return 'electron';
  }
  const browser = programInPath(browsers);
  if (!browser) return undefined;
  const profile = join(dataDir, 'window');
  // Chromium refuses its sandbox to root; the page is our own and comes from loopback only.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  detach(browser, [
    `--app=${url}`,
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--window-size=1440,900',
    ...root,
  ]);
  return 'chromium';
}

function detach(program: string, args: string[]): void {
  spawn(program, args, { detached: true, stdio: 'ignore' }).unref();
}
