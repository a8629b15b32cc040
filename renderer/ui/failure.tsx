import { ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { classNames } from './class-names.ts';
import { CopyButton } from './copy-button.tsx';
import { StateIcon } from './state-icon.tsx';

/**
 * Says what went wrong, why and what now. `detail` is technical text, folded away with a Copy button;
 * children are the buttons that mend it.
 */
export function Failure({
  title,
  text,
  detail,
  tone = 'err',
  live = true,
  children,
}: {
  title: string;
  text?: string | undefined;
  detail?: string | undefined;
  tone?: 'err' | 'warn';
  /** Announce at once; off where the same words are announced elsewhere. */
  live?: boolean;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <div
      {...(live ? { role: 'alert' } : {})}
      className={classNames(
        'rounded-[8px] border px-3 py-2 text-small text-text-2',
        tone === 'err'
          ? 'border-err/40 bg-err-soft [--state-cut:var(--color-err-soft)]'
          : 'border-warn/40 bg-warn-soft [--state-cut:var(--color-warn-soft)]',
      )}
    >
      <p className="flex items-start gap-2 font-semibold text-text">
        <StateIcon shape={tone === 'err' ? 'unhealthy' : 'warning'} className="mt-0.5" />
        <span className="min-w-0 break-words">{title}</span>
      </p>
      {text && <p className="mt-0.5 ml-5 break-words">{text}</p>}
      {(children || detail) && (
        <div className="mt-2 ml-5 flex flex-wrap items-center gap-1.5">
          {children}
          {detail && (
            <button
              type="button"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              className="ml-auto flex h-6 items-center gap-1 px-1 text-accent-text"
            >
              <ChevronRight size={12} className={classNames('fade', open && 'rotate-90')} />
              {t('details')}
            </button>
          )}
        </div>
      )}
      {open && detail && (
        <div className="mt-1.5 ml-5 flex items-start gap-1 rounded-control border border-line bg-surface p-2">
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
            tabIndex={0}
            className="code max-h-48 min-w-0 flex-1 overflow-auto whitespace-pre-wrap break-words text-text"
          >
            {detail}
          </pre>
          <CopyButton text={detail} iconOnly what={t('details')} />
        </div>
      )}
    </div>
  );
}
