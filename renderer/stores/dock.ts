import { create } from 'zustand';

/** The dock under the views: terminals and logs that survive navigation. Its tabs belong to renderer/terminal. */
interface DockState {
  open: boolean;
  heightPx: number;
}

const storageKey = 'berth.dock';
const remembered = sessionStorage.getItem(storageKey);

export const useDock = create<DockState>(() =>
  remembered ? (JSON.parse(remembered) as DockState) : { open: false, heightPx: 226 },
);
useDock.subscribe((state) => sessionStorage.setItem(storageKey, JSON.stringify(state)));

export const showDock = (open: boolean): void => useDock.setState({ open });
export const toggleDock = (): void => useDock.setState(({ open }) => ({ open: !open }));
