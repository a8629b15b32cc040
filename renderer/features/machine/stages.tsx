import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { StageReport } from '../../../electron/host/api/machine.ts';
import { classNames } from '../../ui/class-names.ts';
import { formatStep } from '../../ui/format.ts';
import { StateIcon, type StateShape } from '../../ui/state-icon.tsx';
import { useNow } from '../../ui/use-now.ts';
import { type LogSource, ProblemBox } from './problem-box.tsx';
import { useFacts } from './stage-facts.ts';

const shapes: Record<StageReport['state'], StateShape> = {
  waiting: 'waiting',
  running: 'busy',
  done: 'healthy',
  warning: 'warning',
  failed: 'failed',
};

interface Span {
  startMs: number;
  endMs: number;
}

function Bar({ stage, whole, nowMs }: { stage: StageReport; whole: Span; nowMs: number }) {
  if (stage.startedAtMs === undefined) return <span className="h-px bg-line" />;
  const lengthMs = Math.max(1, whole.endMs - whole.startMs);
  const durationMs = stage.durationMs ?? nowMs - stage.startedAtMs;
  return (
    <span className="relative h-2" aria-hidden="true">
      <span className="absolute inset-x-0 top-1/2 h-px bg-line" />
      <span
        className={classNames(
          'absolute inset-y-px min-w-0.5 rounded-[2px]',
          stage.state === 'running'
            ? 'bg-info'
            : stage.state === 'failed'
              ? 'bg-err'
              : stage.state === 'warning'
                ? 'bg-warn'
                : 'bg-text-3',
        )}
        style={{
          left: `${((stage.startedAtMs - whole.startMs) / lengthMs) * 100}%`,
          width: `${(durationMs / lengthMs) * 100}%`,
        }}
      />
    </span>
  );
}

function Stage({ stage, whole, nowMs }: { stage: StageReport; whole: Span; nowMs: number }) {
  const { t } = useTranslation('machine');
  const facts = useFacts(stage);
  const running = stage.state === 'running';
  const durationMs = stage.durationMs ?? (running ? nowMs - (stage.startedAtMs ?? nowMs) : undefined);
  return (
    <li
      className={classNames(
        'grid min-h-[38px] grid-cols-[20px_minmax(0,1fr)_64px_104px] items-center gap-2.5 rounded-[7px] px-2 @min-[620px]:grid-cols-[20px_minmax(0,1fr)_64px_112px_minmax(96px,220px)]',
        running && 'bg-info-soft',
        stage.state === 'waiting' && 'text-text-3',
      )}
      {...(running ? { 'aria-current': 'step' as const } : {})}
    >
      <span className="grid place-items-center">
        <StateIcon shape={shapes[stage.state]} size={14} />
        <span className="sr-only">{t(`stageState.${stage.state}`)}</span>
      </span>
      <span className="min-w-0 truncate">
        <span className="font-medium">{t(`${running ? 'stageRunning' : 'stage'}.${stage.name}`)}</span>
        {facts && (
          <span
            className={classNames(
              'ml-2 text-small',
              stage.state === 'warning' ? 'text-warn' : running ? 'text-text-2' : 'text-text-3',
            )}
          >
            {facts}
          </span>
        )}
      </span>
      <span className={classNames('tabular text-right', running && 'text-info')}>
        {durationMs !== undefined && formatStep(durationMs)}
      </span>
      <span className={classNames('tabular truncate text-small', running ? 'text-text-2' : 'text-text-3')}>
        {stage.usualMs !== undefined && t('usually', { duration: formatStep(stage.usualMs) })}
      </span>
      <span className="hidden @min-[620px]:grid">
        <Bar stage={stage} whole={whole} nowMs={nowMs} />
      </span>
    </li>
  );
}

/** The steps of a start: what each took, what it usually takes, and what it warned of. */
export function Stages({
  stages,
  onShowLog,
}: {
  stages: readonly StageReport[];
  onShowLog: (source: LogSource) => void;
}) {
  const { t } = useTranslation('machine');
  const running = stages.some(({ state }) => state === 'running');
  const nowMs = useNow(running ? 200 : 60_000);
  const startMs = Math.min(...stages.flatMap(({ startedAtMs }) => startedAtMs ?? []));
  const ends = stages.map(({ startedAtMs, durationMs }) =>
    startedAtMs === undefined ? 0 : durationMs === undefined ? nowMs : startedAtMs + durationMs,
  );
  const whole = { startMs, endMs: Math.max(...ends) };
  return (
    <ol aria-label={t('stages')} className="@container flex flex-col gap-px px-2">
      {stages.map((stage) => (
        <Fragment key={stage.name}>
          <Stage stage={stage} whole={whole} nowMs={nowMs} />
          {stage.problem && (
            <li className="mt-0.5 mr-2 mb-1.5 ml-[38px]">
              <ProblemBox
                problem={stage.problem}
                tone={stage.state === 'failed' ? 'err' : 'warn'}
                onShowLog={onShowLog}
              />
            </li>
          )}
        </Fragment>
      ))}
    </ol>
  );
}
