import { create } from 'zustand';
import { StreamLost } from '../bridge/index.ts';
import { useDock } from '../stores/dock.ts';
import { loadPart } from '../ui/lazy-part.tsx';
import { NoShell, type OpenedShell, openShell, resizeShell, type Shell, shellExitCode } from './exec.ts';
import type { Screen } from './screen.ts';

/**
 * The terminals of this window, outside React, so that they survive navigation. A reload keeps the tabs with
 * their last contents and opens a new shell on request.
 */

export type TerminalPhase = 'opening' | 'open' | 'ended' | 'lost' | 'failed' | 'idle';

export interface TerminalTab {
  id: string;
  containerId: string;
  containerName: string;
  wanted: Shell;
  /** The shell that runs, once known. */
  shell?: 'bash' | 'sh';
  fellBack: boolean;
  phase: TerminalPhase;
  exitCode: number | null;
  error: unknown;
}

interface TerminalsState {
  tabs: readonly TerminalTab[];
  activeId: string | null;
  /** Counts up when the find field shall open. */
  findRequests: number;
}

export const useTerminals = create<TerminalsState>(() => ({ ...remembered(), findRequests: 0 }));

const storageKey = 'berth.terminals';
const screens = new Map<string, Screen>();
const streamsOf = new Map<string, OpenedShell>();

interface Remembered {
  tabs: (Pick<TerminalTab, 'id' | 'containerId' | 'containerName' | 'wanted' | 'shell'> & { text: string })[];
  activeId: string | null;
}

function remembered(): Pick<TerminalsState, 'tabs' | 'activeId'> {
  const stored = sessionStorage.getItem('berth.terminals');
  if (stored === null) return { tabs: [], activeId: null };
  const { tabs, activeId } = JSON.parse(stored) as Remembered;
  return {
    activeId,
    tabs: tabs.map(({ text: _text, ...tab }) => ({
      ...tab,
      fellBack: false,
      phase: 'idle' as const,
      exitCode: null,
      error: null,
    })),
  };
}

function rememberedText(id: string): string {
  const stored = sessionStorage.getItem(storageKey);
  if (stored === null) return '';
  return (JSON.parse(stored) as Remembered).tabs.find((tab) => tab.id === id)?.text ?? '';
}

/** Keeps tabs and their last contents for a reload. */
function remember(): void {
  const { tabs, activeId } = useTerminals.getState();
  const value: Remembered = {
    activeId,
    tabs: tabs.map(({ id, containerId, containerName, wanted, shell }) => ({
      id,
      containerId,
      containerName,
      wanted,
      ...(shell ? { shell } : {}),
      text: screens.get(id)?.contents() ?? rememberedText(id),
    })),
  };
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(value));
  } catch {
    // Storage is full: the tabs matter more than their text.
    sessionStorage.setItem(
      storageKey,
      JSON.stringify({ ...value, tabs: value.tabs.map((tab) => ({ ...tab, text: '' })) }),
    );
  }
}
addEventListener('pagehide', remember);

function patch(id: string, change: Partial<TerminalTab>): void {
  useTerminals.setState(({ tabs }) => ({
    tabs: tabs.map((tab) => (tab.id === id ? { ...tab, ...change } : tab)),
  }));
}

const tabOf = (id: string) => useTerminals.getState().tabs.find((tab) => tab.id === id);

/** Loads xterm at the first terminal only: it is the largest part of the app. */
async function screenOf(id: string): Promise<Screen> {
  const existing = screens.get(id);
  if (existing) return existing;
  const { Screen: Made } = await loadPart(() => import('./screen.ts'));
  const again = screens.get(id);
  if (again) return again;
  const screen = new Made({
    onInput: (bytes) => streamsOf.get(id)?.stream.write(bytes),
    onResize: (size) => {
      const open = streamsOf.get(id);
      if (open) void resizeShell(open.execId, size);
    },
    onLeave: () => document.querySelector<HTMLElement>(`[data-terminal-tab="${id}"]`)?.focus(),
    onFind: () => useTerminals.setState(({ findRequests }) => ({ findRequests: findRequests + 1 })),
  });
  screens.set(id, screen);
  const before = rememberedText(id);
  if (before) await screen.write(`${before}\r\n`);
  return screen;
}

/** Shows a terminal in an element, opening its shell at the first time. */
export async function showTerminal(id: string, parent: HTMLElement): Promise<Screen> {
  const screen = await screenOf(id);
  screen.attach(parent);
  if (tabOf(id)?.phase === 'opening' && !streamsOf.has(id)) void run(id, screen);
  return screen;
}

const running = new Set<string>();

/** Opens the shell of a tab and carries its output until it ends. */
async function run(id: string, screen: Screen): Promise<void> {
  const tab = tabOf(id);
  if (!tab || running.has(id)) return;
  running.add(id);
  try {
    const opened = await openShell(tab.containerId, tab.wanted, screen.size);
    streamsOf.set(id, opened);
    if (!tabOf(id)) return opened.stream.close();
    patch(id, { phase: 'open', shell: opened.shell, fellBack: opened.fellBack, exitCode: null, error: null });
    void resizeShell(opened.execId, screen.size);
    for (let next = opened.pending; next.done !== true; next = await opened.first.next())
      await screen.write(next.value);
    patch(id, { phase: 'ended', exitCode: await shellExitCode(opened.execId) });
  } catch (error) {
    patch(id, { phase: error instanceof StreamLost ? 'lost' : 'failed', error });
  } finally {
    running.delete(id);
    streamsOf.delete(id);
  }
}

let nextId = Date.now();

/** Opens a terminal in a new dock tab and shows the dock. */
export function openTerminal(container: { id: string; name: string }, wanted: Shell = 'auto'): string {
  const id = `t${(nextId++).toString(36)}`;
  const tab: TerminalTab = {
    id,
    containerId: container.id,
    containerName: container.name,
    wanted,
    fellBack: false,
    phase: 'opening',
    exitCode: null,
    error: null,
  };
  useTerminals.setState(({ tabs }) => ({ tabs: [...tabs, tab], activeId: id }));
  useDock.setState({ open: true });
  return id;
}

/** Opens a shell anew in the same tab, under what was there. `wanted` changes the shell. */
export async function reconnectTerminal(id: string, wanted?: Shell): Promise<void> {
  if (wanted) patch(id, { wanted });
  patch(id, { phase: 'opening', error: null });
  const screen = await screenOf(id);
  await screen.write('\r\n');
  await run(id, screen);
}

export function activateTerminal(id: string): void {
  useTerminals.setState({ activeId: id });
}

/** Closes a tab; its shell gets a hang-up. The dock hides with the last one. */
export function closeTerminal(id: string): void {
  streamsOf.get(id)?.stream.close();
  screens.get(id)?.dispose();
  screens.delete(id);
  useTerminals.setState(({ tabs, activeId }) => {
    const at = tabs.findIndex((tab) => tab.id === id);
    const rest = tabs.filter((tab) => tab.id !== id);
    const neighbour = rest[Math.min(at, rest.length - 1)]?.id ?? null;
    return { tabs: rest, activeId: activeId === id ? neighbour : activeId };
  });
  if (useTerminals.getState().tabs.length === 0) useDock.setState({ open: false });
}

export { NoShell };
