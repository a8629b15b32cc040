import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { formatBytes } from '../ui/format.ts';
import { styledRuns } from './ansi.ts';
import type { LogRow } from './protocol.ts';

/** JSON is laid out; anything else stays as it came. */
function laidOut(text: string): string {
  const start = text.indexOf('{');
  if (start < 0) return text;
  try {
    return text.slice(0, start) + JSON.stringify(JSON.parse(text.slice(start)), null, 2);
  } catch {
    return text;
  }
}

/** One line in full below the list: wrapped, JSON laid out, to copy. */
export function LineDetail({ row, onClose }: { row: LogRow; onClose: () => void }) {
  const { t } = useTranslation(['logs', 'common']);
  const text = styledRuns(row.text)
    .map((run) => run.text)
    .join('');
  return (
    <section
      aria-label={t('lineDetail')}
      className="flex max-h-[45%] flex-none flex-col border-t border-line bg-surface-2"
    >
      <header className="flex flex-none items-center gap-2 py-1 pr-2 pl-3.5 text-small text-text-2">
        <span className="font-medium text-text">{t('line', { number: row.line + 1 })}</span>
        {Number.isFinite(row.timeMs) && <span className="code">{new Date(row.timeMs).toISOString()}</span>}
        <span className="code">{row.stderr ? 'stderr' : 'stdout'}</span>
        <span className="flex-1" />
        <CopyButton text={text} what={t('copyLine')} iconOnly />
        <IconButton small label={t('common:close')} icon={<X size={14} />} onClick={onClose} />
      </header>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        className="code min-h-0 flex-1 overflow-auto whitespace-pre-wrap break-all px-3.5 pb-2.5 leading-5"
      >
        {laidOut(text)}
        {row.cutBytes > 0 && t('cut', { size: formatBytes(row.cutBytes) })}
      </pre>
    </section>
  );
}
