import { ChevronDown, ChevronRight, Download } from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/button.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { Segmented } from '../../ui/field.tsx';
import type { LogSource } from './problem-box.tsx';
import { useLog } from './use-log.ts';

/** Terminal sequences of a boot log; colours and cursor moves say nothing here. */
const sequences = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])|\r/g;

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** The machine's own logs behind a fold: the serial console and the engine's. */
export function LogPanel({
  open,
  source,
  onOpen,
  onSource,
}: {
  open: boolean;
  source: LogSource;
  onOpen: (open: boolean) => void;
  onSource: (source: LogSource) => void;
}) {
  const { t } = useTranslation('machine');
  const { text, error } = useLog(source, open);
  const box = useRef<HTMLPreElement>(null);
  const shown = (text ?? '').replace(sequences, '');
  // New lines are followed as long as the end is in sight.
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is what moves the end
  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <section aria-label={t('log.title')} className="flex flex-none flex-col border-t border-line">
      <div className="flex h-9 flex-none items-center gap-2 pr-2 pl-3 text-small">
        <button
          type="button"
          aria-expanded={open}
          aria-label={t(open ? 'log.hide' : 'log.show')}
          onClick={() => onOpen(!open)}
          className="flex h-7 items-center gap-2 font-medium"
        >
          <Chevron size={12} aria-hidden />
          {t('log.title')}
        </button>
        {open && (
          <>
            <Segmented
              label={t('log.which')}
              value={source}
              options={(['serial', 'engine'] as const).map((value) => ({ value, label: t(`log.${value}`) }))}
              onChange={onSource}
            />
            <span className="tabular text-text-3">
              {shown !== '' && t('log.lines', { count: shown.split('\n').length - 1 })}
            </span>
            <span className="ml-auto">
              <IconButton
                small
                label={t('log.save')}
                icon={<Download size={14} aria-hidden />}
                onClick={() => save(`berth-${source}.log`, shown)}
              />
            </span>
          </>
        )}
      </div>
      {open && error !== undefined && (
        <div className="px-4 pb-3">
          <ErrorFailure error={error} />
        </div>
      )}
      {open && (
        <pre
          ref={box}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label={t(`log.${source}`)}
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
            atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
          }}
          className="code h-64 overflow-auto whitespace-pre-wrap break-all border-t border-line bg-term px-4 py-2 leading-5"
        >
          {text === '' ? <span className="text-text-3">{t('log.empty')}</span> : shown}
        </pre>
      )}
    </section>
  );
}
