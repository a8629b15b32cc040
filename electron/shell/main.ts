import { join } from 'node:path';
import * as electron from 'electron';
import { ensureHost } from '../cli/host-process.ts';
import { hostFiles } from '../host/files.ts';
import { argumentsOf, hostOptions, pickOptions } from '../host/options.ts';
import { followState } from './follow-state.ts';
import { Shell } from './shell.ts';

/**
 * Electron's entry, bundled into build/shell/main.cjs with the preload and the tray's icon beside it. Takes the same
 * options as the berth command, and a berth:// link.
 */
const words = process.argv.slice(1);
const values = pickOptions(words);
const options = hostOptions(values);
const files = hostFiles(options, options.instance);

void Shell.start({
  electron,
  host: () => ensureHost(files, argumentsOf(values)),
  follow: (following) => followState({ hostSocket: files.hostSocket, ...following }),
  preload: join(import.meta.dirname, 'preload.cjs'),
  trayIcon: join(import.meta.dirname, 'tray.png'),
  platform: process.platform,
  words,
}).catch((error: Error) => {
  electron.dialog.showErrorBox('Berth', error.message);
  electron.app.exit(1);
});
