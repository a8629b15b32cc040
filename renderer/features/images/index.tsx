import { ArrowDownUp, Download, Search, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { setQuery, useLocation } from '../../router/location.ts';
import { startPull, usePulls } from '../../stores/pulls.ts';
import { Button } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { SearchField } from '../../ui/field.tsx';
import { formatNumber } from '../../ui/format.ts';
import { Keys } from '../../ui/keys.tsx';
import { Menu, MenuChoice } from '../../ui/menu.tsx';
import { CleanDialog } from './clean-dialog.tsx';
import { DiskBar } from './disk-bar.tsx';
import { ImageList } from './image-list.tsx';
import { PullDialog } from './pull-dialog.tsx';
import { PullSheet } from './pull-sheet.tsx';
import { RemoveDialog } from './remove-dialog.tsx';
import { type ImageChip, type ImageSort, type ImageView, inChip, matches, sorted } from './rows.ts';
import { useImageViews } from './use-image-views.ts';

const chips: readonly ImageChip[] = ['all', 'used', 'unused', 'untagged'];
const sorts: readonly ImageSort[] = ['used', 'name', 'size', 'created'];

function Chips({ views, chip }: { views: readonly ImageView[]; chip: ImageChip }) {
  const { t } = useTranslation('images');
  return (
    <fieldset className="flex min-w-0 gap-1 overflow-x-auto">
      <legend className="sr-only">{t('chip.label')}</legend>
      {chips.map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chip}
          onClick={() => setQuery({ show: value === 'all' ? '' : value }, { replace: true })}
          className={classNames(
            'fade inline-flex h-6 flex-none items-center gap-1.5 rounded-full border px-2.5 text-small',
            value === chip
              ? 'border-transparent bg-selected font-medium text-accent-text'
              : 'border-line text-text-2 hover:bg-hover',
          )}
        >
          {t(`chip.${value}`)}
          <span className={classNames('tabular', value !== chip && 'text-text-3')}>
            {formatNumber(views.filter((view) => inChip(view, value)).length)}
          </span>
        </button>
      ))}
    </fieldset>
  );
}

function SortMenu({ sort }: { sort: ImageSort }) {
  const { t } = useTranslation('images');
  return (
    <Menu
      trigger={
        <Button small look="quiet">
          {t(`sort.${sort}`)}
          <ArrowDownUp size={12} />
        </Button>
      }
    >
      <MenuChoice
        label={t('sort.label')}
        value={sort}
        options={sorts.map((value) => ({ value, label: t(`sort.${value}`) }))}
        onChange={(value) => setQuery({ sort: value === 'used' ? '' : value }, { replace: true })}
      />
    </Menu>
  );
}

/** What the URL says about the list. */
function useListQuery() {
  const query = useLocation((location) => location.query);
  return {
    filter: query.get('q') ?? '',
    chip: chips.find((chip) => chip === query.get('show')) ?? 'all',
    sort: sorts.find((sort) => sort === query.get('sort')) ?? 'used',
    pulling: query.get('pull'),
  };
}

/** Images: the list, the pull beside it, and the dialogs that change it. */
export default function ImagesPage() {
  const { t } = useTranslation(['images', 'common']);
  const { views, shares, layers, readAtMs, failure } = useImageViews();
  const { filter, chip, sort, pulling } = useListQuery();
  const [dialog, setDialog] = useState<'pull' | 'clean' | { remove: ImageView }>();
  const pull = usePulls(({ pulls }) => pulls.find((other) => other.reference === pulling));
  const shown = sorted(
    views.filter((view) => inChip(view, chip) && (filter === '' || matches(view, filter))),
    sort,
  );
  const close = () => setDialog(undefined);
  const allLayers = [...layers.values()];
  return (
    <div className="flex min-h-0 flex-1 gap-2">
      <section
        aria-label={t('title')}
        className={classNames('card @container flex-1', pull && 'max-split:hidden')}
      >
        <header className="flex flex-none items-center gap-2 pt-2.5 pr-3 pb-2 pl-4">
          <h1 className="flex-1 text-title">{t('title')}</h1>
          <SearchField
            data-filter
            icon={<Search size={14} />}
            after={<Keys keys="/" />}
            aria-label={t('filter')}
            placeholder={t('filter')}
            value={filter}
            onChange={(event) => setQuery({ q: event.target.value }, { replace: true })}
            onKeyDown={(event) => event.key === 'Escape' && setQuery({ q: '' }, { replace: true })}
            className="max-w-48 flex-1"
          />
          <Button onClick={() => setDialog('clean')} disabled={views.length === 0}>
            <Trash2 size={14} />
            {t('cleanUp')}
          </Button>
          <Button look="primary" onClick={() => setDialog('pull')}>
            <Download size={14} />
            {t('pull')}
          </Button>
        </header>
        {shares && shares.totalBytes > 0 && <DiskBar shares={shares} />}
        {failure !== undefined && (
          <div className="px-3 pb-2">
            <ErrorFailure title={t('unread')} error={failure} />
          </div>
        )}
        {views.length > 0 && (
          <div className="flex flex-none items-center gap-2 pr-3 pb-2 pl-4">
            <Chips views={views} chip={chip} />
            <span className="flex-1" />
            <SortMenu sort={sort} />
          </div>
        )}
        {shown.length > 0 ? (
          <ImageList views={shown} layers={layers} onRemove={(view) => setDialog({ remove: view })} />
        ) : (
          readAtMs !== undefined && (
            <NothingShown empty={views.length === 0} filter={filter} onPull={() => setDialog('pull')} />
          )
        )}
      </section>
      {pull && (
        <div className="flex min-w-0 flex-1 flex-col split:max-w-[424px]">
          <PullSheet pull={pull} onClose={() => setQuery({ pull: '' })} />
        </div>
      )}
      {dialog === 'pull' && (
        <PullDialog
          onClose={close}
          onPull={(text) => {
            close();
            setQuery({ pull: startPull(text).reference });
          }}
        />
      )}
      {dialog === 'clean' && <CleanDialog views={views} layers={allLayers} onClose={close} />}
      {typeof dialog === 'object' && <RemoveDialog view={dialog.remove} layers={allLayers} onClose={close} />}
    </div>
  );
}

function NothingShown({ empty, filter, onPull }: { empty: boolean; filter: string; onPull: () => void }) {
  const { t } = useTranslation(['images', 'common']);
  if (empty)
    return (
      <EmptyState title={t('empty.title')} hint={t('empty.hint')}>
        <Button look="primary" onClick={onPull}>
          <Download size={14} />
          {t('pull')}
        </Button>
      </EmptyState>
    );
  return (
    <EmptyState title={t('common:nothingMatches', { query: filter })}>
      <Button onClick={() => setQuery({ q: '', show: '' }, { replace: true })}>
        {t('common:clearFilter')}
      </Button>
    </EmptyState>
  );
}
