import { beforeEach, describe, expect, test } from 'vitest';
import type { HostClient } from '../host/api/client.ts';
import type { HostState, MachinePhase } from '../host/api/machine.ts';
import { goChannel } from '../host/api/shell.ts';
import type { MenuTemplate } from './electron-parts.ts';
import { Shell } from './shell.ts';
import { FakeElectron, type FakeWindow } from './testing/fake-electron.ts';

const origin = 'http://127.0.0.1:45678';
let fake: FakeElectron;
let calls: string[];
let language: 'system' | 'en' | 'zh-CN';
let tell: (state: HostState | undefined) => void;

beforeEach(() => {
  fake = new FakeElectron();
  calls = [];
  language = 'system';
});

function start(words: string[] = []): Promise<Shell | undefined> {
  let pages = 0;
  const host = {
    settings: () => Promise.resolve({ language }),
    openPage: () => {
      pages += 1;
      return Promise.resolve({ url: `${origin}/#token=t${pages}`, token: `t${pages}` });
    },
    startMachine: () => Promise.resolve(void calls.push('start')),
    stopMachine: () => Promise.resolve(void calls.push('stop')),
    restartMachine: () => Promise.resolve(void calls.push('restart')),
  };
  return Shell.start({
    electron: fake.parts(),
    host: () => Promise.resolve(host as unknown as HostClient),
    follow: (options) => {
      tell = options.tell;
      return new Promise((resolve) => options.signal.addEventListener('abort', () => resolve()));
    },
    preload: '/app/preload.cjs',
    trayIcon: '/app/tray.png',
    platform: 'linux',
    words,
  });
}

const only = () => fake.windows[0] as FakeWindow;
const state = (phase: MachinePhase) => ({ machine: { phase } }) as HostState;

async function click(menu: MenuTemplate, label: string): Promise<void> {
  const items = menu.flatMap((item) => (Array.isArray(item.submenu) ? item.submenu : [item]));
  const found = items.find((item) => item.label === label);
  if (!found?.click) throw new Error(`no item ${label} among ${items.map((item) => item.label)}`);
  (found.click as () => void)();
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the window', () => {
  test('has the host’s page in a sandbox, without Node', async () => {
    await start();
    expect(only().webContents.url).toBe(`${origin}/#token=t1`);
    expect(only().options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      preload: '/app/preload.cjs',
    });
    expect(only().isVisible).toBe(false);
    only().emit('ready-to-show');
    expect(only().isVisible).toBe(true);
  });

  test('goes nowhere but to the page; http links open outside, others nowhere', async () => {
    await start();
    const contents = only().webContents;
    expect(contents.tries('will-navigate', `${origin}/images`)).toBe(true);
    for (const url of ['http://127.0.0.1:8080/', 'https://docs.example/', 'http://127.0.0.1:45679/']) {
      expect(contents.tries('will-navigate', url)).toBe(false);
    }
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'data:text/html,x', 'smb://server/']) {
      expect(contents.tries('will-navigate', url)).toBe(false);
    }
    expect(contents.tries('will-redirect', 'https://evil.example/')).toBe(false);
    expect(contents.openHandler?.({ url: 'http://localhost:3000' })).toEqual({ action: 'deny' });
    expect(contents.openHandler?.({ url: 'file:///bin/sh' })).toEqual({ action: 'deny' });
    expect(fake.opened).toEqual([
      'http://127.0.0.1:8080/',
      'https://docs.example/',
      'http://127.0.0.1:45679/',
      'http://localhost:3000',
    ]);
  });

  test('attaches no other page', async () => {
    await start();
    let refused = false;
    only().webContents.emit('will-attach-webview', {
      preventDefault: () => {
        refused = true;
      },
    });
    expect(refused).toBe(true);
  });

  test('is given the clipboard and notifications, and to its own page alone', async () => {
    await start();
    const asked = (permission: string, url: string) => {
      only().webContents.url = url;
      let answered: boolean | undefined;
      fake.permissionRequest?.(only().webContents, permission, (yes) => {
        answered = yes;
      });
      return answered;
    };
    expect(asked('clipboard-read', `${origin}/containers`)).toBe(true);
    expect(asked('media', `${origin}/containers`)).toBe(false);
    expect(asked('clipboard-read', 'http://127.0.0.1:8080/')).toBe(false);
    expect(fake.permissionCheck?.(null, 'geolocation', origin)).toBe(false);
  });
});

describe('one shell', () => {
  test('a second one shows the first and ends', async () => {
    fake.isFirst = false;
    expect(await start()).toBeUndefined();
    expect(fake.quits).toBe(1);
    expect(fake.windows).toHaveLength(0);
  });

  test('is brought to the front by the next start, with its link', async () => {
    await start();
    fake.app.emit('second-instance', {}, ['berth', 'berth://images']);
    expect(only().focused).toBe(true);
    expect(only().webContents.sent).toEqual([[goChannel, '/images']]);
    expect(fake.windows).toHaveLength(1);
  });

  test('opens a new window with a new token once the first was closed', async () => {
    await start();
    only().gone = true;
    fake.app.emit('window-all-closed');
    expect(fake.quits).toBe(0);
    fake.app.emit('activate');
    await expect.poll(() => fake.windows.length).toBe(2);
    expect(fake.windows[1]?.webContents.url).toBe(`${origin}/#token=t2`);
  });
});

describe('links', () => {
  test('the scheme is taken, and a link on the command line opens its view', async () => {
    await start(['--instance', 'default', 'berth://run?image=nginx']);
    expect(fake.schemes).toEqual(['berth']);
    expect(only().webContents.url).toBe(`${origin}/containers?run=nginx#token=t1`);
  });

  test('one that is none of ours only shows the window', async () => {
    await start();
    fake.app.emit('second-instance', {}, ['berth', 'berth://rm-rf']);
    expect(only().webContents.sent).toEqual([]);
    fake.app.emit('open-url', { preventDefault: () => undefined }, 'berth://machine');
    expect(only().webContents.sent).toEqual([[goChannel, '/machine']]);
  });
});

describe('menus', () => {
  test('lead to views and command the machine', async () => {
    await start();
    await click(fake.menu, 'Images');
    expect(only().webContents.sent).toEqual([[goChannel, '/images']]);
    await click(fake.menu, 'Restart Machine');
    tell(state('running'));
    await click(fake.trayMenu, 'Stop Machine');
    tell(state('stopped'));
    await click(fake.trayMenu, 'Start Machine');
    expect(calls).toEqual(['restart', 'stop', 'start']);
  });

  test('the tray says the state, also that nobody can be asked', async () => {
    await start();
    tell(state('starting'));
    expect(fake.trayMenu.map(({ label }) => label)).toContain('Machine: starting');
    tell(undefined);
    expect(fake.trayMenu.map(({ label }) => label)).toContain('Berth’s background process is not running');
    expect(fake.trayIcon).toBe('/app/tray.png');
  });

  test('speak the language of the settings, else of the desktop', async () => {
    fake.locale = 'zh-TW';
    await start();
    expect(fake.menu.map(({ label }) => label)).toContain('虚拟机');
    fake = new FakeElectron();
    fake.locale = 'zh-CN';
    language = 'en';
    await start();
    expect(fake.menu.map(({ label }) => label)).toContain('Machine');
  });

  test('quitting ends the shell and nothing else', async () => {
    await start();
    await click(fake.menu, 'Quit (containers go on running)');
    expect(fake.quits).toBe(1);
    expect(calls).toEqual([]);
  });
});

describe('notifications', () => {
  test('tell of a machine that stops working while nobody looks, and lead to it', async () => {
    await start();
    tell(state('running'));
    tell(state('failed'));
    tell(state('failed'));
    expect(fake.notifications.map(({ title }) => title)).toEqual(['The machine has failed']);
    fake.notifications[0]?.emit('click');
    expect(only().webContents.sent).toEqual([[goChannel, '/machine']]);
  });

  test('say nothing to somebody who looks, nor of what was so before', async () => {
    await start();
    tell(state('failed'));
    only().focused = true;
    tell(state('running'));
    tell(state('degraded'));
    expect(fake.notifications).toEqual([]);
  });
});
