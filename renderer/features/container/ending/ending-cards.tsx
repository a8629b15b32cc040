import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PostMortem, RunEnd } from '../../../../engine/api/post-mortem.ts';
import { Link } from '../../../router/link.tsx';
import { pathOf } from '../../../router/location.ts';
import { classNames } from '../../../ui/class-names.ts';
import { formatMemory, formatMoment, formatSpan } from '../../../ui/format.ts';
import { StateIcon } from '../../../ui/state-icon.tsx';

export function Card({
  title,
  beside,
  children,
}: {
  title: string;
  beside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title} className="min-w-0 rounded-[8px] border border-line px-3 py-2.5">
      <h3 className="mb-1 flex items-baseline gap-2 font-semibold">
        {title}
        <span className="ml-auto text-small font-normal">{beside}</span>
      </h3>
      {children}
    </section>
  );
}

/** How long a run took, in ms; 0 for a start that failed. */
export const ranMs = ({ startedAt, finishedAt }: RunEnd): number =>
  startedAt === null ? 0 : Date.parse(finishedAt) - Date.parse(startedAt);

/** Peak of memory against its limit. */
export function MemoryCard({ memory }: { memory: NonNullable<PostMortem['memory']> }) {
  const { t } = useTranslation('ending');
  const { peakBytes, limitBytes, oomKills } = memory;
  const words =
    peakBytes === null
      ? limitBytes === null
        ? t('noLimit')
        : formatMemory(limitBytes)
      : limitBytes === null
        ? `${t('peak', { size: formatMemory(peakBytes) })}, ${t('noLimit')}`
        : t('peakOf', { size: formatMemory(peakBytes), limit: formatMemory(limitBytes) });
  const share = peakBytes !== null && limitBytes ? peakBytes / limitBytes : 0;
  const full = oomKills > 0;
  return (
    <Card title={t('memory')} beside={<span className="tabular text-text-2">{words}</span>}>
      {share > 0 && (
        <span aria-hidden="true" className="block h-2 overflow-hidden rounded-full bg-idle-soft">
          <i
            className={classNames('block h-full', full ? 'bg-err' : 'bg-accent-text')}
            style={{ width: `${Math.min(1, share) * 100}%` }}
          />
        </span>
      )}
      {full && <p className="mt-1 text-small text-err">{t('oomKills', { count: oomKills })}</p>}
    </Card>
  );
}

export function LastLines({ ending }: { ending: PostMortem }) {
  const { t, i18n } = useTranslation('ending');
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium', hourCycle: 'h23' });
  return (
    <Card
      title={t('lastLines')}
      beside={
        ending.removed === undefined && (
          <Link to={pathOf('containers', ending.containerId, 'logs')} className="hover:underline">
            {t('openLogs')}
          </Link>
        )
      }
    >
      {ending.lastLines.length === 0 ? (
        <p className="text-text-2">{t('noLines')}</p>
      ) : (
        <pre
          aria-label={t('lastLines')}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          className="code max-h-56 overflow-auto leading-5"
        >
          {ending.lastLines.map(({ time, text }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
            <span key={index} className="flex gap-2.5">
              <span className="flex-none text-text-3">{clock.format(Date.parse(time))}</span>
              <span>{text}</span>
            </span>
          ))}
        </pre>
      )}
    </Card>
  );
}

export function HealthCard({ health }: { health: NonNullable<PostMortem['health']> }) {
  const { t } = useTranslation('ending');
  const failed = health.Log.filter(({ ExitCode }) => ExitCode !== 0).length;
  const output = health.Log.at(-1)?.Output.trim();
  return (
    <Card
      title={t('health')}
      beside={
        <span className={health.FailingStreak > 0 ? 'text-err' : 'text-text-2'}>
          {health.FailingStreak > 0 ? t('healthStreak', { count: health.FailingStreak }) : t('healthOk')}
        </span>
      }
    >
      <span
        role="img"
        aria-label={t('healthBar', { passed: health.Log.length - failed, failed })}
        className="flex gap-0.5"
      >
        {health.Log.map(({ Start, ExitCode }) => (
          <i
            key={Start}
            className={classNames('h-3.5 w-2.5 rounded-[2px]', ExitCode === 0 ? 'bg-ok' : 'bg-err')}
          />
        ))}
      </span>
      {output && <p className="code mt-1.5 break-words text-text-2">{output}</p>}
    </Card>
  );
}

/** Ended runs, newest first, with bars against the longest. */
export function Runs({ runs }: { runs: readonly RunEnd[] }) {
  const { t } = useTranslation('ending');
  const longest = Math.max(1, ...runs.map(ranMs));
  return (
    <Card title={t('runs')}>
      <ul>
        {runs.map((run) => {
          const words = {
            moment: formatMoment(Date.parse(run.startedAt ?? run.finishedAt)),
            duration: formatSpan(ranMs(run)),
            code: run.exitCode,
          };
          const key = run.startedAt === null ? 'runFailed' : run.oomKilled ? 'runOom' : 'run';
          return (
            <li key={run.finishedAt} className="flex h-6 items-center gap-2 text-small">
              <StateIcon shape={run.exitCode === 0 ? 'exited' : 'failed'} />
              <span aria-hidden="true" className="h-1 w-24 flex-none">
                <i
                  className="block h-full min-w-0.5 rounded-full bg-line-strong/60"
                  style={{ width: `${(ranMs(run) / longest) * 100}%` }}
                />
              </span>
              <span className="tabular truncate">{t(key, words)}</span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}
