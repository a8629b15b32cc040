import { ArrowDown } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorFailure } from '../ui/error-failure.tsx';
import { formatBytes } from '../ui/format.ts';
import { hasMod } from '../ui/keys.tsx';
import { LineDetail } from './line-detail.tsx';
import { openQuery } from './log-engine.ts';
import type { LogQuery } from './log-filter.ts';
import { LogFilters } from './log-filters.tsx';
import { LogFind } from './log-find.tsx';
import { LogRows } from './log-rows.tsx';
import { type LogSession, logSession } from './log-session.ts';
import { Minimap } from './minimap.tsx';
import { useLogPreferences } from './preferences.ts';
import type { LogRow } from './protocol.ts';
import { rowPx } from './scroll-model.ts';
import { queryExpression } from './search.ts';
import { useLogView } from './use-log-view.ts';

/** The text to find waits this long for the next letter, so that typing never searches for half a word. */
const typingMs = 120;

/** The query as typed, handed to the worker after a pause; what is typed survives in the session. */
function useQuery(session: LogSession) {
  const [query, setQuery] = useState(session.query);
  useEffect(() => {
    if (query === session.query) return;
    const timer = setTimeout(() => session.setQuery(query), query.text === session.query.text ? 0 : typingMs);
    return () => clearTimeout(timer);
  }, [query, session]);
  const change = useCallback((part: Partial<LogQuery>) => setQuery((old) => ({ ...old, ...part })), []);
  return { query, change };
}

function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The log of one container. `running` reads on when a stopped container starts again. */
export function LogView({
  containerId,
  name,
  running,
}: {
  containerId: string;
  name: string;
  running: boolean;
}) {
  const session = useMemo(() => logSession(containerId), [containerId]);
  const ended = session.snapshot.phase === 'ended';
  useEffect(() => {
    if (running && ended) session.resume();
  }, [running, ended, session]);
  return <LogPane key={containerId} session={session} name={name} />;
}

function LogPane({ session, name }: { session: LogSession; name: string }) {
  const { t } = useTranslation('logs');
  const { wrap, time } = useLogPreferences();
  const { query, change } = useQuery(session);
  const view = useLogView(session);
  const { snapshot } = view;
  const [match, setMatch] = useState<{ index: number; row: number } | null>(null);
  const [selected, setSelected] = useState<LogRow | null>(null);
  const find = useRef<HTMLInputElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const expression = useMemo(() => (query.text === '' ? null : queryExpression(query)), [query]);
  const look = useMemo(
    () => ({ time, startMs: snapshot.histogram?.startMs ?? snapshot.rows[0]?.timeMs ?? 0, wrap, expression }),
    [time, wrap, expression, snapshot.histogram?.startMs, snapshot.rows[0]?.timeMs],
  );

  const onQuery = (part: Partial<LogQuery>) => {
    setMatch(null);
    change(part);
  };
  const step = async (by: 1 | -1) => {
    const place =
      match === null
        ? await session.matchNear(Math.floor(view.anchor))
        : await session.match(match.index + by);
    setMatch(place);
    view.reveal(place.row);
  };
  const jump = async (timeMs: number) => view.reveal((await session.rowAtTime(timeMs)).row);
  const save = async () => saveFile((await session.export(time !== 'off')).blob, `${name}.log`);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (hasMod(event) && event.key === 'f') {
      event.preventDefault();
      find.current?.focus();
      find.current?.select();
    }
  };
  const onRowsKey = (event: KeyboardEvent) => {
    const page = Math.max(1, view.viewportPx / rowPx - 1);
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page };
    const step = steps[event.key];
    if (step !== undefined) view.moveBy(step);
    else if (event.key === 'Home') view.toStart();
    else if (event.key === 'End') view.follow();
    else return;
    event.preventDefault();
  };
  const currentLine = match === null ? null : (snapshot.rows[match.row - snapshot.start]?.line ?? null);
  const { state } = snapshot;

  return (
    <section aria-label={t('label', { name })} className="flex min-h-0 flex-1 flex-col" onKeyDown={onKeyDown}>
      <LogFind
        query={query}
        matches={state.matches}
        at={match?.index ?? null}
        valid={query.text === '' || expression !== null}
        input={find}
        onQuery={onQuery}
        onStep={(by) => void step(by)}
      />
      <LogFilters
        query={query}
        counts={state.levelCounts}
        multiplexed={snapshot.multiplexed}
        onQuery={onQuery}
        onSave={() => void save()}
      />
      {snapshot.histogram && <Minimap histogram={snapshot.histogram} onJump={(ms) => void jump(ms)} />}
      <div className="relative mt-1.5 flex min-h-0 flex-1 flex-col">
        <section
          ref={view.scroller}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          aria-label={t('rows')}
          className="min-h-0 flex-1 overflow-y-auto overflow-x-hidden"
          onScroll={view.onScroll}
          onKeyDown={onRowsKey}
        >
          <div style={{ height: view.heightPx }}>
            <LogRows
              rows={snapshot.rows}
              start={snapshot.start}
              anchor={view.anchor}
              following={view.following}
              viewportPx={view.viewportPx}
              look={look}
              currentLine={currentLine}
              selectedLine={selected?.line ?? null}
              onSelect={setSelected}
              layer={layer}
            />
          </div>
        </section>
        {state.total === 0 && (
          <div className="pointer-events-none absolute inset-0 flex flex-col *:pointer-events-auto">
            <NoLines session={session} filtered={state.lines > 0} onReset={() => onQuery({ ...openQuery })} />
          </div>
        )}
        {!view.following && <MoreBelow session={session} total={state.total} onFollow={view.follow} />}
      </div>
      {selected && <LineDetail row={selected} onClose={() => setSelected(null)} />}
      <LogFooter session={session} following={view.following} onFollow={view.follow} onStay={view.stay} />
    </section>
  );
}

function NoLines({
  session,
  filtered,
  onReset,
}: {
  session: LogSession;
  filtered: boolean;
  onReset: () => void;
}) {
  const { t } = useTranslation('logs');
  const { phase, error } = session.snapshot;
  if (phase === 'failed')
    return (
      <div className="p-3">
        <ErrorFailure title={t('phase.failed')} error={error} />
      </div>
    );
  if (filtered)
    return (
      <EmptyState title={t('filteredEmpty')}>
        <Button onClick={onReset}>{t('resetFilters')}</Button>
      </EmptyState>
    );
  if (phase === 'opening') return <EmptyState title={t('phase.opening')} />;
  return <EmptyState title={t('empty')} hint={t('emptyHint')} />;
}

/** Counts what came while the reader looked elsewhere. */
function MoreBelow({ total, onFollow }: { session: LogSession; total: number; onFollow: () => void }) {
  const { t } = useTranslation('logs');
  const [since] = useState(total);
  if (total <= since) return null;
  return (
    <Button small className="absolute right-4 bottom-2 shadow-overlay" onClick={onFollow}>
      {t('newLines', { count: total - since })}
      <ArrowDown size={12} />
    </Button>
  );
}

function LogFooter({
  session,
  following,
  onFollow,
  onStay,
}: {
  session: LogSession;
  following: boolean;
  onFollow: () => void;
  onStay: () => void;
}) {
  const { t } = useTranslation('logs');
  const { state, phase } = session.snapshot;
  return (
    <footer className="flex flex-none items-center gap-3 border-t border-line py-1 pr-2.5 pl-3.5 text-small text-text-2">
      <span className="tabular whitespace-nowrap">
        {t('lines', { count: state.lines })} · {formatBytes(state.bytes)}
      </span>
      <span className="min-w-0 truncate text-text-3" role="status">
        {state.dropped > 0
          ? t('droppedLines', { count: state.dropped })
          : phase === 'following'
            ? ''
            : t(`phase.${phase}`)}
      </span>
      <span className="flex-1" />
      <Button
        small
        aria-pressed={following}
        className={following ? 'text-accent-text' : ''}
        onClick={following ? onStay : onFollow}
      >
        <ArrowDown size={12} />
        {following ? t('following') : t('follow')}
      </Button>
    </footer>
  );
}
