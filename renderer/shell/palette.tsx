import { Dialog as Base } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { classNames } from '../ui/class-names.ts';
import { Keys } from '../ui/keys.tsx';
import { type Command, useCommands } from './commands.tsx';
import { rank } from './rank.ts';

/** How many matches are shown at most; typing on narrows them. */
const shown = 50;

/** Every command and every thing by name: what the keyboard can reach from anywhere. */
export default function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const commands = useCommands(onKeys);
  const matches = useMemo(() => rank(commands, query).slice(0, shown), [commands, query]);
  const [opener] = useState(() => document.activeElement);
  // A command may open a dialog, whose field must not lose the focus to where it was before.
  const chosen = useRef(false);
  const run = (command: Command | undefined) => {
    if (!command) return;
    chosen.current = true;
    onClose();
    command.run();
    requestAnimationFrame(() => {
      if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus();
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = (active + step + matches.length) % Math.max(1, matches.length);
      setActive(next);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      // Closing gives the focus back at once: the key's own action would press the button that has it then.
      event.preventDefault();
      run(matches[active]);
    }
  };
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-30 bg-scrim" />
        <Base.Popup
          finalFocus={() => !chosen.current}
          className="fixed top-[12vh] left-1/2 z-30 flex max-h-[70vh] w-[560px] max-w-[calc(100%-32px)] -translate-x-1/2 flex-col overflow-hidden rounded-dialog border border-line bg-raised shadow-dialog outline-none"
        >
          <Base.Title className="sr-only">{t('palette.title')}</Base.Title>
          <div className="flex h-12 flex-none items-center gap-2.5 border-b border-line px-4">
            <Search size={16} className="flex-none text-text-3" aria-hidden />
            <input
              role="combobox"
              aria-expanded
              aria-controls={listId}
              aria-autocomplete="list"
              aria-label={t('palette.placeholder')}
              aria-activedescendant={matches[active] && `${listId}-${active}`}
              placeholder={t('palette.placeholder')}
              spellCheck={false}
              autoComplete="off"
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                setActive(0);
              }}
              onKeyDown={onKeyDown}
              className="h-full min-w-0 flex-1 bg-transparent text-[15px] outline-none"
            />
          </div>
          <div
            ref={list}
            id={listId}
            role="listbox"
            aria-label={t('palette.title')}
            className="min-h-0 overflow-auto p-1.5"
          >
            {matches.map((command, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys act through the field's active descendant
              <div
                key={command.id}
                id={`${listId}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === active}
                onClick={() => run(command)}
                onPointerMove={() => setActive(index)}
                className={classNames(
                  'flex h-8 items-center gap-2.5 rounded-control px-2.5',
                  index === active && 'bg-selected',
                )}
              >
                <span className="grid w-4 flex-none place-items-center text-text-3">{command.icon}</span>
                <span className="min-w-0 truncate">{command.label}</span>
                {command.kind && <span className="text-small text-text-3">{command.kind}</span>}
                {command.keys && (
                  <span className="ml-auto">
                    <Keys keys={command.keys} />
                  </span>
                )}
              </div>
            ))}
          </div>
          {matches.length === 0 && (
            <p role="status" className="px-4 pb-4 text-text-2">
              {t('nothingMatches', { query })}
            </p>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
