import { contextBridge, ipcRenderer } from 'electron';
import { goChannel, type ShellBridge } from '../host/api/shell.ts';

/** All that the page is given of Electron: to be told where a link or a menu wants it to go. */
const bridge: ShellBridge = {
  onGo: (listener) => {
    ipcRenderer.on(goChannel, (_event, path: unknown) => {
      if (typeof path === 'string') listener(path);
    });
  },
};
contextBridge.exposeInMainWorld('berthShell', bridge);
