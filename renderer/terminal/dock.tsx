import { ChevronDown, Plus, Search, X } from 'lucide-react';
import { type KeyboardEvent, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { showDock } from '../stores/dock.ts';
import { IconButton } from '../ui/button.tsx';
import { classNames } from '../ui/class-names.ts';
import { lazyPart } from '../ui/lazy-part.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { StateIcon, type StateShape } from '../ui/state-icon.tsx';
import type { Shell } from './exec.ts';
import {
  activateTerminal,
  closeTerminal,
  openTerminal,
  type TerminalPhase,
  type TerminalTab,
  useTerminals,
} from './sessions.ts';

const TerminalPane = lazyPart(() => import('./terminal-pane.tsx').then((module) => module.TerminalPane));

const shapes: Record<TerminalPhase, StateShape> = {
  opening: 'busy',
  open: 'running',
  ended: 'exited',
  lost: 'warning',
  failed: 'failed',
  idle: 'created',
};

/** The dock's contents: one tab a terminal. The shell of the app gives it its place and height. */
export function TerminalDock() {
  const { t } = useTranslation('terminal');
  const { tabs, activeId } = useTerminals();
  const active = tabs.find((tab) => tab.id === activeId) ?? tabs[0];
  return (
    <section aria-label={t('dock')} className="flex min-h-0 flex-1 flex-col">
      <header className="flex h-[34px] flex-none items-center gap-1 border-b border-line pr-2">
        <TabList tabs={tabs} activeId={active?.id ?? null} />
        {active && <NewTerminal tab={active} />}
        <span className="flex-1" />
        {active && (
          <IconButton
            small
            label={t('find')}
            keys="Mod+Shift+F"
            icon={<Search size={14} />}
            onClick={() => useTerminals.setState(({ findRequests }) => ({ findRequests: findRequests + 1 }))}
          />
        )}
        <IconButton
          small
          label={t('hideDock')}
          keys="Ctrl+`"
          icon={<ChevronDown size={14} />}
          onClick={() => showDock(false)}
        />
      </header>
      {active ? (
        <Suspense fallback={<div className="flex-1 bg-term" />}>
          <TerminalPane key={active.id} tab={active} />
        </Suspense>
      ) : (
        <p className="p-4 text-text-2">{t('intro')}</p>
      )}
    </section>
  );
}

function TabList({ tabs, activeId }: { tabs: readonly TerminalTab[]; activeId: string | null }) {
  const { t } = useTranslation('terminal');
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex((tab) => tab.id === activeId);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    activateTerminal(next.id);
    document.querySelector<HTMLElement>(`[data-terminal-tab="${next.id}"]`)?.focus();
  };
  return (
    <div
      role="tablist"
      aria-label={t('tabs')}
      className="flex h-full min-w-0 overflow-x-auto pl-1"
      onKeyDown={onKeyDown}
    >
      {tabs.map((tab) => {
        const label = t('tab', { name: tab.containerName, shell: tab.shell ?? t(`shell.${tab.wanted}`) });
        return (
          <div
            key={tab.id}
            role="presentation"
            className={classNames(
              'relative flex flex-none items-center gap-0.5 pr-1 after:absolute after:inset-x-2 after:bottom-0 after:h-0.5 after:rounded-full',
              tab.id === activeId && 'after:bg-accent-text',
            )}
          >
            <button
              type="button"
              role="tab"
              aria-selected={tab.id === activeId}
              tabIndex={tab.id === activeId ? 0 : -1}
              data-terminal-tab={tab.id}
              onClick={() => activateTerminal(tab.id)}
              onAuxClick={(event) => event.button === 1 && closeTerminal(tab.id)}
              className={classNames(
                'flex h-full max-w-56 items-center gap-1.5 pr-1 pl-2.5 text-small',
                tab.id === activeId ? 'font-medium text-text' : 'text-text-2',
              )}
            >
              <StateIcon shape={shapes[tab.phase]} />
              <span className="truncate">{label}</span>
            </button>
            <IconButton
              small
              className="size-5"
              label={t('close', { name: tab.containerName })}
              icon={<X size={12} />}
              onClick={() => closeTerminal(tab.id)}
            />
          </div>
        );
      })}
    </div>
  );
}

function NewTerminal({ tab }: { tab: TerminalTab }) {
  const { t } = useTranslation('terminal');
  const container = { id: tab.containerId, name: tab.containerName };
  return (
    <Menu
      align="start"
      trigger={
        <IconButton small label={t('newTerminal', { name: tab.containerName })} icon={<Plus size={14} />} />
      }
    >
      {(['auto', 'bash', 'sh'] satisfies Shell[]).map((shell) => (
        <MenuItem key={shell} onSelect={() => openTerminal(container, shell)}>
          {t(`shell.${shell}`)}
        </MenuItem>
      ))}
    </Menu>
  );
}
