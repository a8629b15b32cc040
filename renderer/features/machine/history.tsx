import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../../electron/host/api/machine.ts';
import { classNames } from '../../ui/class-names.ts';
import { formatMoment, formatStep } from '../../ui/format.ts';
import { useNow } from '../../ui/use-now.ts';

const accelerators = ['kvm', 'hvf', 'whpx', 'tcg', 'none'] as const;

interface Start {
  startedAtMs: number;
  durationMs: number;
  accelerator: string;
  ok: boolean;
  now?: boolean;
}

function StartRow({ start, longestMs }: { start: Start; longestMs: number }) {
  const { t } = useTranslation('machine');
  const accelerator = accelerators.find((name) => name === start.accelerator);
  const emulated = accelerator === 'tcg';
  return (
    <li className="grid h-6 grid-cols-[104px_56px_minmax(0,1fr)] items-center gap-2 px-3.5 text-small">
      <span className={classNames('truncate', start.now ? 'font-semibold' : 'text-text-2')}>
        {start.now ? t('history.now') : formatMoment(start.startedAtMs)}
      </span>
      <span className="tabular text-right">{formatStep(start.durationMs)}</span>
      <span className="flex min-w-0 items-center gap-2">
        <span
          aria-hidden="true"
          className={classNames('h-1.5 min-w-0.5 rounded-[2px]', emulated ? 'bg-warn' : 'bg-text-3/70')}
          style={{ width: `${(start.durationMs / longestMs) * 60}%` }}
        />
        <span
          className={classNames('truncate', start.ok ? (emulated ? 'text-warn' : 'text-text-2') : 'text-err')}
        >
          {!start.ok
            ? t('history.failed')
            : emulated
              ? t('accelerator.emulation')
              : accelerator && accelerator !== 'none' && t(`accelerator.${accelerator}`)}
        </span>
      </span>
    </li>
  );
}

/** Earlier starts beside the one under way. */
export function History({ machine }: { machine: MachineState }) {
  const { t } = useTranslation('machine');
  const starting = machine.phase === 'starting';
  const nowMs = useNow(starting ? 1000 : 60_000);
  const starts: Start[] = [
    ...(starting
      ? [
          {
            startedAtMs: machine.sinceMs,
            durationMs: nowMs - machine.sinceMs,
            accelerator: machine.accelerator?.name ?? '',
            ok: true,
            now: true,
          },
        ]
      : []),
    ...machine.history,
  ];
  const longestMs = Math.max(1, ...starts.map(({ durationMs }) => durationMs));
  return (
    <section className="card flex-none" aria-label={t('history.title')}>
      <h2 className="px-3.5 pt-2.5 pb-1.5">{t('history.title')}</h2>
      {starts.length === 0 ? (
        <p className="px-3.5 pb-3 text-text-2">{t('history.none')}</p>
      ) : (
        <ul className="pb-2.5">
          {starts.map((start) => (
            <StartRow key={start.startedAtMs} start={start} longestMs={longestMs} />
          ))}
        </ul>
      )}
    </section>
  );
}
