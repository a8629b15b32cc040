import type * as electron from 'electron';

/**
 * What the shell uses of Electron. It is handed in, so that everything but the entry runs without Electron's binary:
 * tests give a small stand-in that keeps what it was told.
 */
export interface ElectronParts {
  app: electron.App;
  BrowserWindow: new (options: electron.BrowserWindowConstructorOptions) => electron.BrowserWindow;
  Menu: Pick<typeof electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
  Tray: new (image: electron.NativeImage | string) => electron.Tray;
  Notification: new (options: electron.NotificationConstructorOptions) => electron.Notification;
  shell: Pick<electron.Shell, 'openExternal'>;
  session: { defaultSession: electron.Session };
}

export type MenuTemplate = electron.MenuItemConstructorOptions[];
export type WebContents = electron.WebContents;
export type BrowserWindow = electron.BrowserWindow;
