import { ChevronDown, ChevronUp, Search } from 'lucide-react';
import type { KeyboardEvent, RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../ui/button.tsx';
import { SearchField, Segmented } from '../ui/field.tsx';
import { formatNumber } from '../ui/format.ts';
import type { LogQuery } from './log-filter.ts';

function Toggle({
  label,
  pressed,
  text,
  onChange,
}: {
  label: string;
  pressed: boolean;
  text: string;
  onChange: (pressed: boolean) => void;
}) {
  return (
    <IconButton
      small
      label={label}
      pressed={pressed}
      icon={<span className="code text-meta">{text}</span>}
      onClick={() => onChange(!pressed)}
    />
  );
}

/** The find row: text, count, previous and next, case, expression, and whether other lines stay. */
export function LogFind({
  query,
  matches,
  at,
  valid,
  input,
  onQuery,
  onStep,
}: {
  query: LogQuery;
  matches: number;
  /** Index of the match that is shown, if one was gone to. */
  at: number | null;
  valid: boolean;
  input: RefObject<HTMLInputElement | null>;
  onQuery: (change: Partial<LogQuery>) => void;
  onStep: (step: 1 | -1) => void;
}) {
  const { t } = useTranslation('logs');
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && query.text !== '') {
      event.stopPropagation();
      onQuery({ text: '' });
    }
  };
  const count =
    query.text === ''
      ? ''
      : !valid
        ? t('badRegex')
        : matches === 0
          ? t('noMatches')
          : t('matchCount', { at: at === null ? '–' : formatNumber(at + 1), total: formatNumber(matches) });
  return (
    <div className="flex flex-none items-center gap-1.5 px-2.5 pt-2 pb-1.5">
      <SearchField
        ref={input}
        icon={<Search size={14} />}
        aria-label={t('find')}
        placeholder={t('findHint')}
        value={query.text}
        aria-invalid={!valid}
        onChange={(event) => onQuery({ text: event.target.value })}
        onKeyDown={onKeyDown}
        className="flex-1 pr-0.5"
        after={
          <>
            <span role="status" className="tabular flex-none text-small whitespace-nowrap">
              {count}
            </span>
            <IconButton
              small
              label={t('previous')}
              keys="Shift+Enter"
              icon={<ChevronUp size={14} />}
              disabled={matches === 0}
              onClick={() => onStep(-1)}
            />
            <IconButton
              small
              label={t('next')}
              keys="Enter"
              icon={<ChevronDown size={14} />}
              disabled={matches === 0}
              onClick={() => onStep(1)}
            />
            <Toggle
              label={t('matchCase')}
              text="Aa"
              pressed={query.matchCase}
              onChange={(matchCase) => onQuery({ matchCase })}
            />
            <Toggle
              label={t('regex')}
              text=".*"
              pressed={query.regex}
              onChange={(regex) => onQuery({ regex })}
            />
          </>
        }
      />
      <Segmented
        label={t('matchMode')}
        value={query.onlyMatches ? 'only' : 'highlight'}
        options={[
          { value: 'highlight', label: t('highlight') },
          { value: 'only', label: t('only') },
        ]}
        onChange={(mode) => onQuery({ onlyMatches: mode === 'only' })}
      />
    </div>
  );
}
