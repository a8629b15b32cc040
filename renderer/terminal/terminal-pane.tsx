import { ChevronDown, ChevronUp, Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '../ui/button.tsx';
import { ErrorFailure } from '../ui/error-failure.tsx';
import { SearchField } from '../ui/field.tsx';
import { NoShell } from './exec.ts';
import type { Screen } from './screen.ts';
import { reconnectTerminal, showTerminal, type TerminalTab, useTerminals } from './sessions.ts';

/** Puts a session's screen into the page and keeps its size. */
export function TerminalPane({ tab }: { tab: TerminalTab }) {
  const { t } = useTranslation('terminal');
  const host = useRef<HTMLDivElement>(null);
  const [screen, setScreen] = useState<Screen | null>(null);
  const findRequests = useTerminals((state) => state.findRequests);
  const [find, setFind] = useState(false);
  const [seen, setSeen] = useState(findRequests);
  if (findRequests !== seen) {
    setSeen(findRequests);
    setFind(true);
  }
  useEffect(() => {
    const parent = host.current;
    if (!parent) return;
    let shown: Screen | null = null;
    let left = false;
    const observer = new ResizeObserver(() => shown?.fit());
    void showTerminal(tab.id, parent).then((made) => {
      if (left) return;
      shown = made;
      setScreen(made);
      observer.observe(parent);
      made.terminal.focus();
    });
    return () => {
      left = true;
      observer.disconnect();
      shown?.detach();
    };
  }, [tab.id]);
  return (
    <section
      aria-label={t('regionLabel', { name: tab.containerName })}
      className="relative flex min-h-0 min-w-0 flex-1 flex-col bg-term"
    >
      {find && screen && (
        <FindBar
          screen={screen}
          onClose={() => {
            setFind(false);
            screen.terminal.focus();
          }}
        />
      )}
      <Notice tab={tab} />
      <div ref={host} className="min-h-0 flex-1 overflow-hidden py-1.5 pl-3.5" />
    </section>
  );
}

/** What is to be said about the session, above its screen: nothing while it simply runs. */
function Notice({ tab }: { tab: TerminalTab }) {
  const { t } = useTranslation('terminal');
  const reopen = (
    <Button small onClick={() => void reconnectTerminal(tab.id)}>
      {t('reconnect')}
    </Button>
  );
  if (tab.phase === 'failed') {
    if (tab.error instanceof NoShell) {
      const missing = tab.error.tried;
      return (
        <NoticeLine text={t('noShell', { shells: missing.join(', ') })}>
          {!missing.includes('sh') && (
            <Button small onClick={() => void reconnectTerminal(tab.id, 'sh')}>
              {t('tryShell', { shell: 'sh' })}
            </Button>
          )}
        </NoticeLine>
      );
    }
    return (
      <div className="p-2">
        <ErrorFailure title={t('phase.failed')} error={tab.error}>
          {reopen}
        </ErrorFailure>
      </div>
    );
  }
  if (tab.phase === 'open') return tab.fellBack ? <NoticeLine text={t('fellBack')} /> : null;
  if (tab.phase === 'opening') return <NoticeLine text={t('phase.opening')} />;
  const text =
    tab.phase === 'ended' && tab.exitCode !== null
      ? t('phase.endedCode', { code: tab.exitCode })
      : t(`phase.${tab.phase}`);
  return <NoticeLine text={text}>{reopen}</NoticeLine>;
}

function NoticeLine({ text, children }: { text: string; children?: React.ReactNode }) {
  return (
    <div
      role="status"
      className="flex flex-none items-center gap-2 border-b border-line bg-surface-2 px-3.5 py-1 text-small text-text-2"
    >
      <span className="min-w-0 flex-1 truncate">{text}</span>
      {children}
    </div>
  );
}

const searchColours = {
  decorations: {
    matchBackground: '#c9a227',
    activeMatchBackground: '#7a78ff',
    matchOverviewRuler: '#c9a227',
    activeMatchColorOverviewRuler: '#7a78ff',
  },
};

function FindBar({ screen, onClose }: { screen: Screen; onClose: () => void }) {
  const { t } = useTranslation('terminal');
  const [text, setText] = useState('');
  const next = () => screen.search.findNext(text, searchColours);
  const previous = () => screen.search.findPrevious(text, searchColours);
  useEffect(() => () => screen.search.clearDecorations(), [screen]);
  return (
    <div className="absolute top-1.5 right-3 z-10 w-72">
      <SearchField
        autoFocus
        icon={<Search size={14} />}
        aria-label={t('find')}
        value={text}
        className="bg-raised pr-0.5 shadow-overlay"
        onChange={(event) => {
          setText(event.target.value);
          screen.search.findNext(event.target.value, { ...searchColours, incremental: true });
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Enter') (event.shiftKey ? previous : next)();
          if (event.key === 'Escape') onClose();
        }}
        after={
          <>
            <IconButton small label={t('findPrevious')} icon={<ChevronUp size={14} />} onClick={previous} />
            <IconButton small label={t('findNext')} icon={<ChevronDown size={14} />} onClick={next} />
            <IconButton small label={t('closeFind')} icon={<X size={14} />} onClick={onClose} />
          </>
        }
      />
    </div>
  );
}
