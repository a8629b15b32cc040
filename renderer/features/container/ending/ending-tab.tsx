import { Lightbulb, Play } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PostMortem } from '../../../../engine/api/post-mortem.ts';
import { engine } from '../../../bridge/index.ts';
import { type ContainerView, isUp } from '../../../stores/container-state.ts';
import { act } from '../../../stores/containers.ts';
import { Button } from '../../../ui/button.tsx';
import { CopyButton } from '../../../ui/copy-button.tsx';
import { EmptyState } from '../../../ui/empty-state.tsx';
import { ErrorFailure } from '../../../ui/error-failure.tsx';
import { formatMemory, formatSpan } from '../../../ui/format.ts';
import { StateIcon } from '../../../ui/state-icon.tsx';
import { HealthCard, LastLines, MemoryCard, Runs, ranMs } from './ending-cards.tsx';
import { evidenceWords } from './evidence.ts';
import { usePostMortem } from './use-post-mortem.ts';

type Ended = PostMortem & { end: NonNullable<PostMortem['end']>; cause: NonNullable<PostMortem['cause']> };

function Heading({ ending: { end, cause, restart } }: { ending: Ended }) {
  const { t } = useTranslation('ending');
  const sentence = t(`by.${end.stoppedBy}`, {
    code: end.exitCode,
    signal: end.signal ?? t('noSignal'),
    action: end.request ? t(`action.${end.request.action}`) : '',
  });
  return (
    <header className="flex gap-3">
      <StateIcon shape={end.exitCode === 0 ? 'exited' : 'failed'} size={18} className="mt-0.5 flex-none" />
      <div>
        <h2 className="text-title">{t(`cause.${cause.kind}`)}</h2>
        <p className="mt-0.5 text-text-2">
          {sentence} {end.startedAt !== null && t('ranFor', { duration: formatSpan(ranMs(end)) })}
        </p>
        {end.error !== '' && <p className="code mt-1 break-words">{end.error}</p>}
        {restart.policy !== '' && restart.policy !== 'no' && (
          <p className="text-small text-text-3">
            {t('restart', { policy: restart.policy, count: restart.count })}
          </p>
        )}
      </div>
    </header>
  );
}

/** Start again, with more memory where that was the cause; each with the command that does the same. */
function Actions({ ending, name }: { ending: Ended; name: string }) {
  const { t } = useTranslation('ending');
  const [error, setError] = useState<unknown>();
  const limit = ending.cause.kind === 'out-of-memory' ? ending.memory?.limitBytes : undefined;
  const more = limit ? limit * 2 : undefined;
  const megabytes = more === undefined ? 0 : Math.round(more / 1024 ** 2);
  const command =
    more === undefined
      ? `docker start ${name}`
      : `docker update -m ${megabytes}m --memory-swap ${megabytes * 2}m ${name} && docker start ${name}`;
  const startWithMore = async () => {
    setError(undefined);
    try {
      const bytes = megabytes * 1024 ** 2;
      await engine.containers.update(ending.containerId, { Memory: bytes, MemorySwap: bytes * 2 });
      await act(ending.containerId, 'start');
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      {error !== undefined && <ErrorFailure title={t('failed')} error={error} />}
      <div className="flex flex-wrap items-center gap-2">
        {more !== undefined && (
          <Button look="primary" onClick={() => void startWithMore()}>
            <Play size={14} aria-hidden />
            {t('startWith', { size: formatMemory(more) })}
          </Button>
        )}
        <Button
          look={more === undefined ? 'primary' : 'plain'}
          onClick={() => void act(ending.containerId, 'start')}
        >
          <Play size={14} aria-hidden />
          {t('start')}
        </Button>
        <span className="code flex h-7 min-w-48 flex-1 items-center rounded-control border border-line bg-surface-2 pr-1 pl-2.5">
          <span className="min-w-0 flex-1 truncate">{command}</span>
          <CopyButton text={command} iconOnly what={t('command')} />
        </span>
      </div>
    </>
  );
}

/** Why the last run ended: what is known, what it was read from, and what can be done. */
export function EndingTab({ view }: { view: ContainerView }) {
  const { t } = useTranslation(['ending', 'common']);
  const { ending, failure, retry } = usePostMortem(view.id, view.condition);
  if (failure !== undefined && !ending)
    return (
      <div className="p-3">
        <ErrorFailure title={t('unread')} error={failure}>
          <Button small onClick={retry}>
            {t('common:retry')}
          </Button>
        </ErrorFailure>
      </div>
    );
  if (!ending) return <div className="flex-1" aria-busy="true" />;
  if (ending.end === null || ending.cause === null) return <EmptyState title={t('never')} />;
  const ended = ending as Ended;
  return (
    <section
      aria-label={t('label', { name: view.name })}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="@container flex min-h-0 flex-1 flex-col gap-3 overflow-y-auto p-4"
    >
      <Heading ending={ended} />
      {ended.memory && <MemoryCard memory={ended.memory} />}
      <div className="grid items-start gap-3 @min-[640px]:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <LastLines ending={ended} />
        <div className="flex min-w-0 flex-col gap-3">
          {ended.health && <HealthCard health={ended.health} />}
          <Runs runs={ended.runs} />
        </div>
      </div>
      <section aria-label={t('likely')} className="rounded-[8px] border border-line bg-surface-2 px-3 py-2.5">
        <h3 className="flex items-center gap-2 font-semibold">
          <Lightbulb size={14} className="text-text-3" aria-hidden />
          {t('likely')}
        </h3>
        <p className="mt-0.5">{t(`advice.${ended.cause.kind}`)}</p>
        <ul className="mt-1 list-disc pl-4 text-small text-text-2">
          {ended.cause.evidence.map((evidence) => {
            const words = evidenceWords(evidence, t);
            return (
              <li key={words} className="break-words">
                {words}
              </li>
            );
          })}
        </ul>
      </section>
      {!isUp(view) && <Actions ending={ended} name={view.name} />}
    </section>
  );
}
