import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../../electron/host/api/machine.ts';
import { useMachine } from '../../stores/machine.ts';
import { Badge } from '../../ui/badge.tsx';
import { formatMemory, formatSpan, formatStep } from '../../ui/format.ts';
import { Skeleton } from '../../ui/skeleton.tsx';
import { StateIcon, type StateShape, toneOf } from '../../ui/state-icon.tsx';
import { useNow } from '../../ui/use-now.ts';
import { History } from './history.tsx';
import { LastKnown } from './last-known.tsx';
import { LogPanel } from './log-panel.tsx';
import { MachineActions } from './machine-actions.tsx';
import { Ports } from './ports.tsx';
import { type LogSource, ProblemBox } from './problem-box.tsx';
import { Resources } from './resources.tsx';
import { Stages } from './stages.tsx';

const shapes: Record<MachineState['phase'], StateShape> = {
  stopped: 'exited',
  starting: 'busy',
  running: 'running',
  degraded: 'unhealthy',
  stopping: 'busy',
  failed: 'failed',
};

function useLogPanel(): { log: Parameters<typeof LogPanel>[0]; showLog: (source: LogSource) => void } {
  const [open, setOpen] = useState(false);
  const [source, setSource] = useState<LogSource>('serial');
  return {
    log: { open, source, onOpen: setOpen, onSource: setSource },
    showLog: (wanted) => {
      setSource(wanted);
      setOpen(true);
    },
  };
}

/** Time since the start began, and how long it usually takes. */
function StartTimes({ machine }: { machine: MachineState }) {
  const { t } = useTranslation('machine');
  const nowMs = useNow(1000);
  const usual = machine.history.filter(({ ok }) => ok).map(({ durationMs }) => durationMs);
  const median = usual.sort((a, b) => a - b)[Math.floor(usual.length / 2)];
  return (
    <>
      {median !== undefined && (
        <span className="text-text-3">{t('usually', { duration: formatStep(median) })}</span>
      )}
      {machine.phase === 'starting' && (
        <span className="tabular ml-auto text-dialog font-semibold">
          {formatSpan(nowMs - machine.sinceMs)}
        </span>
      )}
    </>
  );
}

/** A machine that does not run: where its start stands, or why it failed. */
function Starting({ machine }: { machine: MachineState }) {
  const { t } = useTranslation('machine');
  const { log, showLog } = useLogPanel();
  const inStage = machine.stages.some(({ state, problem }) => state === 'failed' && problem);
  return (
    <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)_320px] gap-2 rail:grid-cols-[minmax(0,1fr)_380px]">
      <section className="card" aria-label={t('title')}>
        <header className="flex flex-none items-baseline gap-2 px-4 pt-3.5 pb-2.5">
          <StateIcon shape={shapes[machine.phase]} size={14} className="self-center" />
          <h1 className="text-dialog">{t(`heading.${machine.phase}`)}</h1>
          <StartTimes machine={machine} />
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
        <section tabIndex={0} aria-label={t('stages')} className="min-h-0 flex-1 overflow-auto pb-2">
          {machine.phase === 'stopped' && <p className="px-4 pb-3 text-text-2">{t('stopped.title')}</p>}
          {machine.problem && !inStage && (
            <div className="px-4 pb-3">
              <ProblemBox problem={machine.problem} onShowLog={showLog} />
            </div>
          )}
          {machine.stages.length > 0 && machine.phase !== 'stopped' && (
            <Stages stages={machine.stages} onShowLog={showLog} />
          )}
        </section>
        <LogPanel {...log} />
        <footer className="flex flex-none items-center gap-2 border-t border-line py-2.5 pr-3 pl-4">
          <span className="mr-auto text-small text-text-3">
            {t(machine.phase === 'starting' ? 'startingHint' : 'stopped.hint')}
          </span>
          <MachineActions machine={machine} />
        </footer>
      </section>
      <div className="flex min-h-0 flex-col gap-2">
        <History machine={machine} />
        <LastKnown />
      </div>
    </div>
  );
}

function Facts({ machine }: { machine: MachineState }) {
  const { t } = useTranslation('machine');
  const nowMs = useNow(1000);
  const last = machine.history[0];
  const { accelerator, resources, engine } = machine;
  const facts = [
    t(`kind.${machine.kind}`),
    t('meta.up', { duration: formatSpan(nowMs - machine.sinceMs) }),
    last?.ok && t('meta.startedIn', { duration: formatStep(last.durationMs) }),
    accelerator && accelerator.name !== 'none' && t(`accelerator.${accelerator.name}`),
    resources && t('meta.processors', { count: resources.cpus }),
    resources && t('meta.memory', { size: formatMemory(resources.memoryBytes) }),
    engine.version && t('meta.engine', { version: engine.version }),
  ].filter((fact) => typeof fact === 'string' && fact !== '');
  return (
    <ul className="flex flex-wrap items-center gap-x-2 px-4 pb-3 text-small text-text-2">
      {facts.map((fact, index) => (
        <li key={fact as string} className="flex items-center gap-2">
          {index > 0 && <span className="size-[3px] rounded-full bg-line-strong" aria-hidden="true" />}
          {fact}
        </li>
      ))}
    </ul>
  );
}

/** A machine that runs, or runs with something missing. */
function Running({ machine }: { machine: MachineState }) {
  const { t } = useTranslation('machine');
  const { log, showLog } = useLogPanel();
  const shape = shapes[machine.phase];
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <section className="card flex-none" aria-label={t('title')}>
        <header className="flex items-center gap-2 py-2.5 pr-3 pb-1.5 pl-4">
          <h1 className="text-title">{t('title')}</h1>
          <Badge large tone={toneOf[shape]}>
            <StateIcon shape={shape} size={10} />
            {t(`phase.${machine.phase}`)}
          </Badge>
          <span className="flex-1" />
          <MachineActions machine={machine} />
        </header>
        <Facts machine={machine} />
        {machine.problem && (
          <div className="px-4 pb-3">
            <ProblemBox problem={machine.problem} onShowLog={showLog} />
          </div>
        )}
        {machine.accelerator?.reason && (
          <div className="px-4 pb-3">
            <ProblemBox problem={machine.accelerator.reason} tone="warn" onShowLog={showLog} />
          </div>
        )}
      </section>
      <div className="grid min-h-0 flex-1 grid-cols-[320px_minmax(0,1fr)] gap-2 rail:grid-cols-[372px_minmax(0,1fr)]">
        <div className="flex min-h-0 flex-col gap-2 overflow-y-auto">
          <Resources machine={machine} />
          <History machine={machine} />
        </div>
        <div className="flex min-h-0 flex-col gap-2 overflow-y-auto">
          <section className="card flex-none" aria-label={t('stages')}>
            <h2 className="px-4 pt-2.5 pb-1.5">{t('stages')}</h2>
            <Stages stages={machine.stages.map(({ problem: _, ...stage }) => stage)} onShowLog={showLog} />
            <div className="h-2" />
            <LogPanel {...log} />
          </section>
          <Ports forwards={machine.forwards} />
        </div>
      </div>
    </div>
  );
}

/** The machine: how its start goes, what it has, what it forwards, and what mends it. */
export default function Machine() {
  const machine = useMachine(({ host }) => host?.machine);
  if (!machine)
    return (
      <section className="card flex-1">
        <Skeleton />
      </section>
    );
  return machine.phase === 'running' || machine.phase === 'degraded' ? (
    <Running machine={machine} />
  ) : (
    <Starting machine={machine} />
  );
}
