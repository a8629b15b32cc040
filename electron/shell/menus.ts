import type { HostState } from '../host/api/machine.ts';
import type { MenuTemplate } from './electron-parts.ts';
import type { Words } from './words.ts';

/** What menu items do. */
export interface MenuActions {
  show(): void;
  go(path: string): void;
  startMachine(): void;
  stopMachine(): void;
  restartMachine(): void;
  quit(): void;
}

/** The menu bar: a plan, made into a menu by Electron. */
export function menuBar(words: Words, actions: MenuActions, platform: NodeJS.Platform): MenuTemplate {
  const mac = platform === 'darwin';
  const quit = { label: words.quit, accelerator: 'CommandOrControl+Q', click: actions.quit };
  const go = (label: string, path: string, key: string) => ({
    label,
    accelerator: `CommandOrControl+${key}`,
    click: () => actions.go(path),
  });
  return [
    mac
      ? { role: 'appMenu', submenu: [{ role: 'about' }, { type: 'separator' }, { role: 'hide' }, quit] }
      : { label: words.file, submenu: [quit] },
    // Without its roles copy and paste have no keys on macOS.
    { role: 'editMenu', label: words.edit },
    {
      label: words.view,
      submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'togglefullscreen' }],
    },
    {
      label: words.go,
      submenu: [
        go(words.containers, '/containers', '1'),
        go(words.images, '/images', '2'),
        go(words.machine, '/machine', '3'),
      ],
    },
    {
      label: words.machine,
      submenu: [
        { label: words.start, click: actions.startMachine },
        { label: words.stop, click: actions.stopMachine },
        { label: words.restart, click: actions.restartMachine },
      ],
    },
    { role: 'windowMenu', label: words.window },
  ];
}

/** The tray's menu for a state of the host; undefined while there is none to ask. */
export function trayMenu(words: Words, actions: MenuActions, state: HostState | undefined): MenuTemplate {
  const phase = state?.machine.phase;
  const up = phase === 'running' || phase === 'degraded' || phase === 'starting';
  return [
    { label: words.show, click: actions.show },
    { type: 'separator' },
    { label: phase === undefined ? words.unreachable : words.phase[phase], enabled: false },
    up
      ? { label: words.stop, click: actions.stopMachine }
      : {
          label: words.start,
          enabled: phase === 'stopped' || phase === 'failed',
          click: actions.startMachine,
        },
    { type: 'separator' },
    { label: words.quit, click: actions.quit },
  ];
}
