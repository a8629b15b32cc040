import { SquareTerminal } from 'lucide-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { showDock } from '../stores/dock.ts';
import { Button } from '../ui/button.tsx';
import { SelectField } from '../ui/field.tsx';
import { StateIcon } from '../ui/state-icon.tsx';
import type { Shell } from './exec.ts';
import { activateTerminal, openTerminal, useTerminals } from './sessions.ts';

/** The Terminal tab of a container: choose a shell, and find the terminals that are open already. */
export function TerminalLauncher({
  container,
  running,
}: {
  container: { id: string; name: string };
  running: boolean;
}) {
  const { t } = useTranslation('terminal');
  const [shell, setShell] = useState<Shell>('auto');
  const shellField = useId();
  const tabs = useTerminals((state) => state.tabs);
  const open = tabs.filter((tab) => tab.containerId === container.id);
  return (
    <div className="flex flex-col items-start gap-3 overflow-auto p-4">
      <p className="text-text-2">{running ? t('intro') : t('notRunning')}</p>
      <div className="flex flex-wrap items-center gap-2">
        <label htmlFor={shellField} className="text-text-2">
          {t('pickShell')}
        </label>
        <SelectField
          id={shellField}
          value={shell}
          onChange={(event) => setShell(event.target.value as Shell)}
        >
          {(['auto', 'bash', 'sh'] satisfies Shell[]).map((value) => (
            <option key={value} value={value}>
              {t(`shell.${value}`)}
            </option>
          ))}
        </SelectField>
        <Button look="primary" disabled={!running} onClick={() => openTerminal(container, shell)}>
          <SquareTerminal size={14} />
          {t('newTerminal', { name: container.name })}
        </Button>
      </div>
      {open.length > 0 && (
        <section className="w-full">
          <h2 className="mb-1 text-small text-text-2">{t('openTabs')}</h2>
          <ul className="flex flex-col gap-0.5">
            {open.map((tab) => (
              <li key={tab.id} className="flex h-8 items-center gap-2">
                <StateIcon shape={tab.phase === 'open' ? 'running' : 'exited'} />
                <span>
                  {t('tab', { name: tab.containerName, shell: tab.shell ?? t(`shell.${tab.wanted}`) })}
                </span>
                <Button
                  small
                  onClick={() => {
                    activateTerminal(tab.id);
                    showDock(true);
                  }}
                >
                  {t('show')}
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <p className="text-small text-text-3">{t('leaveHint')}</p>
    </div>
  );
}
