import type { HostClient } from '../host/api/client.ts';
import type { HostState, MachinePhase } from '../host/api/machine.ts';
import { goChannel } from '../host/api/shell.ts';
import type { BrowserWindow, ElectronParts } from './electron-parts.ts';
import { linkIn, linkScheme, pathOfLink } from './links.ts';
import { type MenuActions, menuBar, trayMenu } from './menus.ts';
import { lockNavigation, lockPermissions } from './navigation.ts';
import { createWindow } from './window.ts';
import { type Words, wordsFor } from './words.ts';

export interface ShellOptions {
  electron: ElectronParts;
  /** The host, started first where none lives. */
  host: () => Promise<HostClient>;
  /** Tells the host's state at every change until the signal aborts. */
  follow: (options: { signal: AbortSignal; tell: (state: HostState | undefined) => void }) => Promise<void>;
  preload: string;
  trayIcon: string;
  platform: NodeJS.Platform;
  /** The command line, in which a link may stand. */
  words: readonly string[];
}

/**
 * The desktop's side of the app: one window on the host's page, menu bar, tray, notifications, links. It holds no state
 * of its own; closing the window or quitting stops neither host nor machine.
 */
export class Shell {
  readonly #options: ShellOptions;
  readonly #end = new AbortController();
  #window: BrowserWindow | undefined;
  /** Of the page that is open now. */
  #origin = '';
  #state: HostState | undefined;
  #words: Words;

  private constructor(options: ShellOptions) {
    this.#options = options;
    this.#words = wordsFor('system', options.electron.app.getLocale());
  }

  /** Resolves to undefined when another shell runs already, which is shown then. */
  static async start(options: ShellOptions): Promise<Shell | undefined> {
    const { app } = options.electron;
    if (!app.requestSingleInstanceLock()) {
      app.quit();
      return undefined;
    }
    const shell = new Shell(options);
    shell.#listen();
    await app.whenReady();
    await shell.#open();
    return shell;
  }

  /** Shows the window, opened with a new token where there is none. */
  async show(path?: string): Promise<void> {
    if (this.#window && !this.#window.isDestroyed()) {
      if (this.#window.isMinimized()) this.#window.restore();
      this.#window.show();
      this.#window.focus();
      if (path !== undefined) this.#window.webContents.send(goChannel, path);
      return;
    }
    const { electron, host, preload } = this.#options;
    const page = new URL((await (await host()).openPage()).url);
    this.#origin = page.origin;
    const wanted = path === undefined ? page : new URL(path, page);
    wanted.hash = page.hash;
    this.#window = createWindow(electron, { url: wanted.href, preload });
  }

  #listen(): void {
    const { electron } = this.#options;
    const { app } = electron;
    app.setAsDefaultProtocolClient(linkScheme);
    app.on('second-instance', (_event, argv) => void this.show(pathIn(argv)));
    app.on('open-url', (event, url) => {
      event.preventDefault();
      void this.show(pathOfLink(url));
    });
    app.on('activate', () => void this.show());
    // The tray stays: the window is one view of what goes on without it.
    app.on('window-all-closed', () => undefined);
    app.on('before-quit', () => this.#end.abort());
    app.on('web-contents-created', (_event, contents) =>
      lockNavigation(contents, { electron, pageOrigin: () => this.#origin }),
    );
  }

  async #open(): Promise<void> {
    const { electron, host, follow, trayIcon, platform, words } = this.#options;
    lockPermissions({ electron, pageOrigin: () => this.#origin });
    const client = await host();
    const { language } = await client.settings();
    this.#words = wordsFor(language, electron.app.getLocale());
    const actions = this.#actions();
    const menu = menuBar(this.#words, actions, platform);
    electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(menu));
    const tray = new electron.Tray(trayIcon);
    tray.setToolTip('Berth');
    // On macOS a click opens the menu.
    if (platform !== 'darwin') tray.on('click', () => void this.show());
    void follow({
      signal: this.#end.signal,
      tell: (state) => {
        this.#notify(this.#state?.machine.phase, state?.machine.phase);
        this.#state = state;
        tray.setContextMenu(electron.Menu.buildFromTemplate(trayMenu(this.#words, actions, state)));
      },
    });
    await this.show(pathIn(words));
  }

  #actions(): MenuActions {
    const { electron, host } = this.#options;
    const command = (call: (client: HostClient) => Promise<void>) => () => void host().then(call);
    return {
      show: () => void this.show(),
      go: (path) => void this.show(path),
      startMachine: command((client) => client.startMachine()),
      stopMachine: command((client) => client.stopMachine()),
      restartMachine: command((client) => client.restartMachine()),
      quit: () => electron.app.quit(),
    };
  }

  /** Tells of a machine that stops working while nobody looks at it. */
  #notify(before: MachinePhase | undefined, now: MachinePhase | undefined): void {
    if (before === now || (now !== 'failed' && now !== 'degraded')) return;
    if (before === undefined || this.#window?.isFocused()) return;
    const words = now === 'failed' ? this.#words.failed : this.#words.attention;
    const notification = new this.#options.electron.Notification(words);
    notification.on('click', () => void this.show('/machine'));
    notification.show();
  }
}

function pathIn(words: readonly string[]): string | undefined {
  const link = linkIn(words);
  return link === undefined ? undefined : pathOfLink(link);
}
