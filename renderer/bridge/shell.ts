import type { ShellBridge } from '../../electron/host/api/shell.ts';
import { go } from '../router/location.ts';

/** Lets links, menus and notifications of the desktop lead to views of the page; in a browser there are none. */
export function followShell(): void {
  const { berthShell } = window as Window & { berthShell?: ShellBridge };
  berthShell?.onGo(go);
}
