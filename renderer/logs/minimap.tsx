import { useTranslation } from 'react-i18next';
import type { Histogram } from './protocol.ts';

const clock = (timeMs: number, language: string) =>
  new Date(timeMs).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' });

/** Errors named in the text form; more would not be listened to. */
const namedErrors = 5;

/** Lines over time with their errors in red; a click goes to that time. */
export function Minimap({ histogram, onJump }: { histogram: Histogram; onJump: (timeMs: number) => void }) {
  const { t, i18n } = useTranslation('logs');
  const { counts, errors, startMs, endMs } = histogram;
  const most = Math.max(1, ...counts);
  const stepMs = (endMs - startMs) / counts.length;
  const timeOf = (index: number) => startMs + index * stepMs;
  const at = (timeMs: number) => clock(timeMs, i18n.language);
  const errorTimes = [...new Set(errors.flatMap((count, index) => (count > 0 ? [at(timeOf(index))] : [])))];
  const range = { from: at(startMs), to: at(endMs) };
  const label =
    errorTimes.length > 0
      ? t('histogram', { ...range, errors: errorTimes.slice(0, namedErrors).join(', ') })
      : t('histogramCalm', range);
  return (
    <div className="flex flex-none items-end gap-2 px-3 text-meta leading-[14px] text-text-3">
      <span className="tabular">{range.from}</span>
      <fieldset className="flex h-6 min-w-0 flex-1 items-end gap-px border-b border-line">
        <legend className="sr-only">{label}</legend>
        {counts.map((count, index) => (
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: a bucket is its place
            key={index}
            type="button"
            tabIndex={-1}
            aria-label={t('jumpTo', { time: at(timeOf(index)) })}
            disabled={count === 0}
            onClick={() => onJump(timeOf(index))}
            className="flex h-full min-w-0 flex-1 flex-col justify-end hover:bg-hover"
          >
            <span
              className="block rounded-t-[1px] bg-line-strong/40"
              style={{ height: `${((count - errors[index]!) / most) * 100}%` }}
            />
            <span className="block bg-err" style={{ height: `${(errors[index]! / most) * 100}%` }} />
          </button>
        ))}
      </fieldset>
      <span className="tabular">{range.to}</span>
    </div>
  );
}
