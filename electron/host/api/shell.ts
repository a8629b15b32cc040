/** What the preload gives the page, as `window.berthShell`; absent in a browser. */
export interface ShellBridge {
  /** Calls the listener with a path of the page when a link, a menu or a notification leads there. */
  onGo(listener: (path: string) => void): void;
}

/** The one message between shell and page: a path, from the shell to the page. */
export const goChannel = 'berth:go';
