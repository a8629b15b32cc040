import type { BrowserWindow, ElectronParts } from './electron-parts.ts';

/** As ui/brief's smallest layout. */
const smallest = { minWidth: 720, minHeight: 480 };

/** The app's one window: the host's page and nothing else, in a sandbox, without Node. */
export function createWindow(
  electron: ElectronParts,
  options: { url: string; preload: string },
): BrowserWindow {
  const window = new electron.BrowserWindow({
    width: 1440,
    height: 900,
    ...smallest,
    // Shown once it has painted: no white flash.
    show: false,
    title: 'Berth',
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(options.url);
  return window;
}
