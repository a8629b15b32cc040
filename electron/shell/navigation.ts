import type { ElectronParts, WebContents } from './electron-parts.ts';

/** Schemes that may be handed to the desktop; a file or a program's own scheme would start something there. */
const outside = ['http:', 'https:', 'mailto:'];
/** What the page may ask for; it is our own, but shows text that containers wrote. */
const permissions = ['clipboard-sanitized-write', 'clipboard-read', 'notifications'];

/** Where a wanted address goes: `stay` in the window, `outside` to the desktop's browser, or nowhere. */
export function destination(wanted: string, pageOrigin: string): 'stay' | 'outside' | 'nowhere' {
  if (!URL.canParse(wanted)) return 'nowhere';
  const url = new URL(wanted);
  if (url.origin === pageOrigin) return 'stay';
  return outside.includes(url.protocol) ? 'outside' : 'nowhere';
}

/**
 * Locks a window's contents to the host's page: it goes nowhere else, opens no window, attaches no other page. Links to
 * elsewhere, such as a published port, open in the desktop's browser.
 */
export function lockNavigation(
  contents: WebContents,
  { electron, pageOrigin }: { electron: ElectronParts; pageOrigin: () => string },
): void {
  const leave = (url: string) => {
    if (destination(url, pageOrigin()) === 'outside') void electron.shell.openExternal(url);
  };
  contents.on('will-navigate', (event) => {
    if (destination(event.url, pageOrigin()) === 'stay') return;
    event.preventDefault();
    leave(event.url);
  });
  contents.on('will-redirect', (event) => {
    if (destination(event.url, pageOrigin()) !== 'stay') event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    leave(url);
    return { action: 'deny' };
  });
}

/** Grants the few permissions that the page uses, to the page alone. */
export function lockPermissions({
  electron,
  pageOrigin,
}: {
  electron: ElectronParts;
  pageOrigin: () => string;
}): void {
  const { defaultSession } = electron.session;
  const granted = (permission: string, url: string) =>
    permissions.includes(permission) && destination(url, pageOrigin()) === 'stay';
  defaultSession.setPermissionRequestHandler((contents, permission, answer) =>
    answer(granted(permission, contents.getURL())),
  );
  defaultSession.setPermissionCheckHandler((_contents, permission, origin) => granted(permission, origin));
}
