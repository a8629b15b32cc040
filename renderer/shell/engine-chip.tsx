import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../electron/host/api/machine.ts';
import { host } from '../bridge/index.ts';
import { Link } from '../router/link.tsx';
import { useEngineStatus } from '../stores/engine-status.ts';
import { useMachine } from '../stores/machine.ts';
import { Button } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { formatMemory, formatShare, formatSpan } from '../ui/format.ts';
import { Meter } from '../ui/meter.tsx';
import { Popover } from '../ui/popover.tsx';
import { reportFailure } from '../ui/report.ts';
import { StateIcon, type StateShape, toneOf, toneText } from '../ui/state-icon.tsx';
import { useNow } from '../ui/use-now.ts';

type ChipState = 'running' | 'stopped' | 'starting' | 'stopping' | 'degraded' | 'failed' | 'lost';

const shapes: Record<ChipState, StateShape> = {
  running: 'running',
  stopped: 'exited',
  starting: 'busy',
  stopping: 'busy',
  degraded: 'unhealthy',
  failed: 'failed',
  lost: 'unhealthy',
};

function useChipState(): ChipState {
  return useMachine(({ link, host }) => {
    if (link.state === 'lost' && link.attempt > 1) return 'lost';
    return host?.machine.phase ?? 'starting';
  });
}

function Usage() {
  const { t } = useTranslation();
  const status = useEngineStatus();
  if (!status) return null;
  const used = status.memoryBytes.total - status.memoryBytes.available;
  return (
    <span className="tabular hidden items-center gap-2 text-text-2 rail:flex">
      <span className="h-3.5 w-px bg-line" />
      {t('engine.cpu', { share: formatShare(status.cpuShare) })}
      <Meter share={status.cpuShare} />
      {t('engine.memory', { used: formatMemory(used), total: formatMemory(status.memoryBytes.total) })}
      <Meter share={used / status.memoryBytes.total} />
    </span>
  );
}

function StartingFor({ sinceMs }: { sinceMs: number }) {
  return <span className="tabular text-text-3">{formatSpan(useNow(1000) - sinceMs)}</span>;
}

/** What can be done with the machine in its phase. */
function actionsOf(machine: MachineState, t: TFunction): { label: string; run: () => Promise<void> }[] {
  const start = { label: t('engine.startMachine'), run: host.startMachine };
  const stop = { label: t('engine.stopMachine'), run: host.stopMachine };
  const restart = { label: t('engine.restartEngine'), run: host.restartEngine };
  if (machine.phase === 'stopped' || machine.phase === 'failed') return [start];
  if (machine.phase === 'starting') return [stop];
  return machine.phase === 'stopping' ? [] : [restart, stop];
}

function ChipPanel({ state, machine }: { state: ChipState; machine: MachineState }) {
  const { t } = useTranslation();
  return (
    <>
      <div className="flex items-center gap-2 px-4 pt-3 pb-1">
        <StateIcon shape={shapes[state]} size={14} />
        <span className="font-semibold">{t(`engine.${state}`)}</span>
        {machine.engine.version && (
          <span className="ml-auto text-text-2">
            {t('engine.version', { version: machine.engine.version })}
          </span>
        )}
      </div>
      {machine.engine.socket && (
        <dl className="px-4 py-1 text-small">
          <dt className="text-text-3">{t('engine.dockerSocket')}</dt>
          <dd className="flex items-center gap-1">
            <span className="code min-w-0 flex-1 truncate">{machine.engine.socket}</span>
            <CopyButton text={machine.engine.socket} iconOnly what={t('engine.dockerSocket')} />
          </dd>
        </dl>
      )}
      <div className="mt-1 flex items-center gap-1.5 border-t border-line px-3 py-2.5">
        {actionsOf(machine, t).map((action) => (
          <Button key={action.label} small onClick={() => reportFailure(action.run())}>
            {action.label}
          </Button>
        ))}
        <Link to="/machine" className="ml-auto px-1 text-small hover:underline">
          {t('engine.openMachine')}
        </Link>
      </div>
    </>
  );
}

/** The engine's state, always in sight; opens to what can be done about it. */
export function EngineChip() {
  const { t } = useTranslation();
  const state = useChipState();
  const machine = useMachine(({ host }) => host?.machine);
  return (
    <Popover
      label={t('engine.summary', { state: t(`engine.${state}`) })}
      trigger={
        <button
          type="button"
          className="fade flex h-[30px] flex-none items-center gap-2 rounded-[8px] border border-line bg-surface px-2.5 text-small hover:bg-hover"
        >
          <StateIcon shape={shapes[state]} />
          <span className="font-medium">{t('engine.chip')}</span>
          {state === 'running' ? (
            <>
              <span className="sr-only">{t('engine.running')}</span>
              <Usage />
            </>
          ) : (
            <>
              <span className="h-3.5 w-px bg-line" />
              <span className={toneText[toneOf[shapes[state]]]}>{t(`engine.${state}`)}</span>
              {machine && (state === 'starting' || state === 'stopping') && (
                <StartingFor sinceMs={machine.sinceMs} />
              )}
            </>
          )}
        </button>
      }
    >
      {machine && <ChipPanel state={state} machine={machine} />}
    </Popover>
  );
}
