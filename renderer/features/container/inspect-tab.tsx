import { Eye, EyeOff, Search } from 'lucide-react';
import { Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContainerInspect } from '../../../engine/api/containers.ts';
import { setQuery, useLocation } from '../../router/location.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { SearchField, Segmented } from '../../ui/field.tsx';
import { formatMemory } from '../../ui/format.ts';
import { lazyPart } from '../../ui/lazy-part.tsx';
import { type InspectField, inspectGroups, maskedInspect } from './inspect-groups.ts';

const JsonView = lazyPart(() => import('./json-view.tsx').then((module) => module.default));

function useGroups(inspect: ContainerInspect) {
  const { t, i18n } = useTranslation('container');
  return useMemo(
    () =>
      inspectGroups(inspect, {
        yes: t('inspect.yes'),
        no: t('inspect.no'),
        readOnly: t('inspect.readOnly'),
        notPublished: t('inspect.notPublished'),
        bytes: formatMemory,
        moment: (time) =>
          new Date(time).toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' }),
      }),
    [inspect, t, i18n.language],
  );
}

function Field({ name, field }: { name: string; field: InspectField }) {
  const { t } = useTranslation('container');
  const [shown, setShown] = useState(false);
  const hidden = field.secret && !shown;
  return (
    <div className="group/field grid min-h-7 grid-cols-[minmax(90px,200px)_minmax(0,1fr)_auto] items-start gap-3 border-t border-line py-1">
      <dt className={field.key ? 'text-text-2' : 'code break-all text-text-2'}>{name}</dt>
      <dd className="code leading-5 break-all text-text">{hidden ? '••••••••' : field.value}</dd>
      <dd className="flex gap-0.5">
        {field.secret && (
          <IconButton
            small
            label={t(shown ? 'inspect.hide' : 'inspect.reveal', { name })}
            icon={shown ? <EyeOff size={13} /> : <Eye size={13} />}
            onClick={() => setShown(!shown)}
          />
        )}
        <CopyButton iconOnly text={field.value} what={t('inspect.value', { name })} />
      </dd>
    </div>
  );
}

/** Everything the engine knows of a container: searchable groups, or the JSON itself. */
export function InspectTab({ inspect }: { inspect: ContainerInspect }) {
  const { t } = useTranslation(['container', 'common']);
  const filter = useLocation(({ query }) => query.get('find') ?? '');
  const asJson = useLocation(({ query }) => query.get('as') === 'json');
  const groups = useGroups(inspect);
  const masked = useMemo(() => maskedInspect(inspect), [inspect]);
  const nameOf = (field: InspectField) => (field.key ? t(field.key) : (field.name ?? ''));
  const wanted = filter.toLowerCase();
  const shown = groups
    .map((group) => ({
      ...group,
      fields: group.fields
        .filter((field) =>
          `${nameOf(field)} ${field.secret ? '' : field.value}`.toLowerCase().includes(wanted),
        )
        .sort((a, b) => (a.key || b.key ? 0 : nameOf(a).localeCompare(nameOf(b)))),
    }))
    .filter(({ fields }) => fields.length > 0);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex flex-none items-center gap-2 px-3 py-2">
        {!asJson && (
          <SearchField
            data-filter
            icon={<Search size={14} />}
            aria-label={t('inspect.filter')}
            placeholder={t('inspect.filter')}
            value={filter}
            onChange={(event) => setQuery({ find: event.target.value }, { replace: true })}
            className="flex-1"
          />
        )}
        {asJson && <span className="flex-1" />}
        <Segmented
          label={t('inspect.view')}
          value={asJson ? 'json' : 'fields'}
          options={[
            { value: 'fields', label: t('inspect.fields') },
            { value: 'json', label: t('inspect.json') },
          ]}
          onChange={(view) => setQuery({ as: view === 'json' ? 'json' : '' }, { replace: true })}
        />
        <CopyButton text={JSON.stringify(masked, null, 2)} what={t('inspect.json')} iconOnly />
      </div>
      {asJson ? (
        <Suspense fallback={null}>
          <JsonView value={masked} label={t('inspect.jsonLabel')} />
        </Suspense>
      ) : shown.length === 0 ? (
        <EmptyState title={t('inspect.nothing', { query: filter })}>
          <Button onClick={() => setQuery({ find: '' }, { replace: true })}>{t('common:clearFilter')}</Button>
        </EmptyState>
      ) : (
        <section
          aria-label={t('tabs.inspect')}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          className="min-h-0 flex-1 overflow-y-auto px-4 pb-4"
        >
          {shown.map(({ group, fields }) => (
            <section key={group} className="mb-3">
              <h2 className="py-1.5">{t(`inspect.group.${group}`)}</h2>
              <dl>
                {fields.map((field) => (
                  <Field key={`${field.key ?? ''}${field.name ?? ''}`} name={nameOf(field)} field={field} />
                ))}
              </dl>
            </section>
          ))}
        </section>
      )}
    </div>
  );
}
