import { ListFilter, Plus, Search } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { setQuery } from '../../router/location.ts';
import { changePreferences, type Preferences, usePreferences } from '../../stores/preferences.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { SearchField } from '../../ui/field.tsx';
import { formatNumber } from '../../ui/format.ts';
import { Keys } from '../../ui/keys.tsx';
import { Menu, MenuChoice, MenuSeparator } from '../../ui/menu.tsx';
import { reportFailure } from '../../ui/report.ts';
import { StateIcon, type StateShape } from '../../ui/state-icon.tsx';
import { type Chip, chips } from './filter.ts';

const chipShapes: Record<Chip, StateShape | undefined> = {
  all: undefined,
  running: 'running',
  problems: 'unhealthy',
  paused: 'paused',
  stopped: 'exited',
};

function ViewMenu() {
  const { t } = useTranslation('containers');
  const { groupBy, density } = usePreferences();
  const change = (next: Partial<Preferences>) => reportFailure(changePreferences(next));
  return (
    <Menu trigger={<IconButton label={t('view.label')} icon={<ListFilter size={16} />} />}>
      <MenuChoice
        label={t('view.groupBy')}
        value={groupBy}
        options={(['project', 'image', 'none'] as const).map((value) => ({
          value,
          label: t(`view.${value}`),
        }))}
        onChange={(groupBy) => change({ groupBy })}
      />
      <MenuSeparator />
      <MenuChoice
        label={t('view.density')}
        value={density}
        options={(['compact', 'default', 'comfortable'] as const).map((value) => ({
          value,
          label: t(`view.${value}`),
        }))}
        onChange={(density) => change({ density })}
      />
    </Menu>
  );
}

function Chips({ show, counts }: { show: Chip; counts: Record<Chip, number> }) {
  const { t } = useTranslation('containers');
  return (
    <fieldset className="flex gap-1 px-4 pb-2">
      <legend className="sr-only">{t('group.label')}</legend>
      {chips.map((chip) => {
        const shape = chipShapes[chip];
        return (
          <button
            key={chip}
            type="button"
            aria-pressed={chip === show}
            onClick={() => setQuery({ show: chip === 'all' ? null : chip }, { replace: true })}
            className={classNames(
              'fade flex h-6 flex-none items-center gap-1.5 rounded-full border px-2.5 text-small',
              chip === show
                ? 'border-transparent bg-selected font-medium text-accent-text'
                : 'border-line text-text-2 hover:bg-hover',
            )}
          >
            {shape && <StateIcon shape={shape} size={10} />}
            <span className={classNames(shape && '@max-[470px]:sr-only')}>{t(`group.${chip}`)}</span>
            <span className={classNames('tabular', chip !== show && 'text-text-3')}>
              {formatNumber(counts[chip])}
            </span>
          </button>
        );
      })}
    </fieldset>
  );
}

/** Title, filter, view menu, Run; below them the chips that count and filter. */
export function ListHeader({
  filter,
  show,
  counts,
  onRun,
  onLeaveFilter,
}: {
  filter: string;
  show: Chip;
  counts: Record<Chip, number>;
  onRun: () => void;
  /** Arrow down in the filter goes to the list. */
  onLeaveFilter: () => void;
}) {
  const { t } = useTranslation('containers');
  return (
    <header className="flex-none">
      <div className="flex items-center gap-2 py-2.5 pr-3 pb-2 pl-4">
        <h1 className="mr-auto text-title">{t('title')}</h1>
        <SearchField
          className="w-[183px] shrink"
          icon={<Search size={14} className="flex-none" aria-hidden />}
          aria-label={t('filter')}
          title={t('filterHint')}
          placeholder={t('filter')}
          data-filter
          value={filter}
          onChange={(event) => setQuery({ q: event.target.value || null }, { replace: true })}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === 'Escape') setQuery({ q: null }, { replace: true });
            if (event.key !== 'ArrowDown') return;
            event.preventDefault();
            onLeaveFilter();
          }}
          after={filter === '' && <Keys keys="/" />}
        />
        <ViewMenu />
        <Button look="primary" onClick={onRun}>
          <Plus size={14} aria-hidden />
          {t('run')}
        </Button>
      </div>
      <Chips show={show} counts={counts} />
    </header>
  );
}
