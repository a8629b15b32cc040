import { Play, RotateCw, Square } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../../electron/host/api/machine.ts';
import { host } from '../../bridge/index.ts';
import { isUp } from '../../stores/container-state.ts';
import { useContainers } from '../../stores/containers.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/dialog.tsx';
import { reportFailure } from '../../ui/report.ts';

const icon = { size: 14, 'aria-hidden': true } as const;

/** Start, stop, restart; asks once where running containers would stop with it. */
export function MachineActions({ machine }: { machine: MachineState }) {
  const { t } = useTranslation('machine');
  const [asked, setAsked] = useState<'stop' | 'restart'>();
  const byId = useContainers((state) => state.byId);
  const running = [...byId.values()].filter(isUp);
  const calls = { stop: host.stopMachine, restart: host.restartMachine };
  const ask = (action: 'stop' | 'restart') => () =>
    running.length > 0 ? setAsked(action) : reportFailure(calls[action]());
  const { phase } = machine;
  return (
    <>
      {(phase === 'stopped' || phase === 'failed') && (
        <Button look="primary" onClick={() => reportFailure(host.startMachine())}>
          <Play {...icon} />
          {t('action.start')}
        </Button>
      )}
      {phase === 'starting' && (
        <Button onClick={() => reportFailure(host.stopMachine())}>
          <Square {...icon} />
          {t('action.stopStarting')}
        </Button>
      )}
      {(phase === 'running' || phase === 'degraded') && (
        <>
          <Button onClick={() => reportFailure(host.restartEngine())}>{t('action.restart-engine')}</Button>
          <Button onClick={ask('restart')}>
            <RotateCw {...icon} />
            {t('action.restart')}
          </Button>
          <Button onClick={ask('stop')}>
            <Square {...icon} />
            {t('action.stop')}
          </Button>
        </>
      )}
      {asked && (
        <ConfirmDialog
          title={t(asked === 'stop' ? 'confirmStop.title' : 'confirmStop.restartTitle')}
          action={t(`action.${asked}`)}
          onConfirm={() => reportFailure(calls[asked]())}
          onClose={() => setAsked(undefined)}
        >
          <p>{t('confirmStop.text', { count: running.length })}</p>
          <ul className="mt-2 max-h-40 overflow-auto">
            {running.map((view) => (
              <li key={view.id} className="truncate font-medium text-text">
                {view.name}
              </li>
            ))}
          </ul>
        </ConfirmDialog>
      )}
    </>
  );
}
