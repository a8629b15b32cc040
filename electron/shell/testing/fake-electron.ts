import { EventEmitter } from 'node:events';
import type * as electron from 'electron';
import type { ElectronParts, MenuTemplate } from '../electron-parts.ts';

type OpenHandler = (details: { url: string }) => { action: string };

/** Contents of a fake window: remembers where it was sent, and lets a test try to lead it elsewhere. */
export class FakeContents extends EventEmitter {
  readonly sent: unknown[][] = [];
  openHandler: OpenHandler | undefined;
  url = '';

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler;
  }

  getURL(): string {
    return this.url;
  }

  send(...words: unknown[]): void {
    this.sent.push(words);
  }

  /** Tries to navigate as a page would; true when it was let through. */
  tries(event: 'will-navigate' | 'will-redirect', url: string): boolean {
    let allowed = true;
    const preventDefault = () => {
      allowed = false;
    };
    this.emit(event, { url, preventDefault });
    return allowed;
  }
}

export class FakeWindow extends EventEmitter {
  readonly webContents = new FakeContents();
  readonly options: electron.BrowserWindowConstructorOptions;
  isVisible = false;
  focused = false;
  gone = false;

  constructor(options: electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
  }

  loadURL(url: string): Promise<void> {
    this.webContents.url = url;
    return Promise.resolve();
  }

  show(): void {
    this.isVisible = true;
  }

  focus(): void {
    this.focused = true;
  }

  isFocused(): boolean {
    return this.focused;
  }

  isMinimized(): boolean {
    return false;
  }

  isDestroyed(): boolean {
    return this.gone;
  }
}

class FakeNotification extends EventEmitter {
  readonly title: string | undefined;
  shown = false;

  constructor({ title }: electron.NotificationConstructorOptions) {
    super();
    this.title = title;
  }

  show(): void {
    this.shown = true;
  }
}

type PermissionRequest = (contents: FakeContents, permission: string, answer: (yes: boolean) => void) => void;
type PermissionCheck = (contents: FakeContents | null, permission: string, origin: string) => boolean;

/** The surface of Electron that the shell uses, keeping what it was told. */
export class FakeElectron {
  readonly windows: FakeWindow[] = [];
  readonly notifications: FakeNotification[] = [];
  readonly opened: string[] = [];
  readonly schemes: string[] = [];
  menu: MenuTemplate = [];
  trayMenu: MenuTemplate = [];
  trayIcon: unknown;
  quits = 0;
  locale = 'en-GB';
  /** False: another shell of this user holds the lock. */
  isFirst = true;
  permissionRequest: PermissionRequest | undefined;
  permissionCheck: PermissionCheck | undefined;
  readonly app = Object.assign(new EventEmitter(), {
    requestSingleInstanceLock: () => this.isFirst,
    setAsDefaultProtocolClient: (scheme: string) => this.schemes.push(scheme) > 0,
    getLocale: () => this.locale,
    whenReady: () => Promise.resolve(),
    quit: () => {
      this.quits += 1;
      this.app.emit('before-quit');
    },
  });

  parts(): ElectronParts {
    const fake = this;
    const parts = {
      app: this.app,
      BrowserWindow: class extends FakeWindow {
        constructor(options: electron.BrowserWindowConstructorOptions) {
          super(options);
          fake.windows.push(this);
          fake.app.emit('web-contents-created', {}, this.webContents);
        }
      },
      Menu: {
        buildFromTemplate: (template: MenuTemplate) => template,
        setApplicationMenu: (menu: MenuTemplate) => {
          this.menu = menu;
        },
      },
      Tray: class extends EventEmitter {
        constructor(icon: unknown) {
          super();
          fake.trayIcon = icon;
        }
        setToolTip(): void {}
        setContextMenu(menu: MenuTemplate): void {
          fake.trayMenu = menu;
        }
      },
      Notification: class extends FakeNotification {
        constructor(options: electron.NotificationConstructorOptions) {
          super(options);
          fake.notifications.push(this);
        }
      },
      shell: {
        openExternal: (url: string) => {
          this.opened.push(url);
          return Promise.resolve();
        },
      },
      session: {
        defaultSession: {
          setPermissionRequestHandler: (handler: PermissionRequest) => {
            this.permissionRequest = handler;
          },
          setPermissionCheckHandler: (handler: PermissionCheck) => {
            this.permissionCheck = handler;
          },
        },
      },
    };
    return parts as unknown as ElectronParts;
  }
}
