import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageInspect } from '../../../engine/api/images.ts';
import type { ImageLayers } from '../../../engine/api/layers.ts';
import { engine } from '../../bridge/index.ts';
import { Link } from '../../router/link.tsx';
import { pathOf } from '../../router/location.ts';
import { shapeOf } from '../../stores/container-shape.ts';
import type { ContainerView } from '../../stores/container-state.ts';
import { refetchImages } from '../../stores/images.ts';
import { IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { formatBytes } from '../../ui/format.ts';
import { reportFailure } from '../../ui/report.ts';
import { StateIcon } from '../../ui/state-icon.tsx';

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="rounded-[8px] border border-line">
      <h2 className="border-b border-line bg-surface-2 px-3 py-1.5 text-small font-semibold">{title}</h2>
      <div className="px-3 py-1.5">{children}</div>
    </section>
  );
}

function Names({ inspect }: { inspect: ImageInspect }) {
  const { t } = useTranslation('image');
  const names = inspect.RepoTags;
  if (names.length === 0) return <p className="text-text-2">{t('overview.noNames')}</p>;
  const untag = (name: string) => reportFailure(engine.images.remove(name).then(refetchImages));
  return (
    <ul>
      {names.map((name) => (
        <li key={name} className="flex min-h-7 items-center gap-1">
          <span className="code min-w-0 flex-1 break-all">{name}</span>
          <CopyButton text={name} what={name} iconOnly />
          {names.length > 1 && (
            <IconButton
              small
              label={t('overview.untag', { name })}
              icon={<X size={13} />}
              onClick={() => untag(name)}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

function Users({ users }: { users: readonly ContainerView[] }) {
  const { t } = useTranslation(['image', 'common']);
  if (users.length === 0) return <p className="text-text-2">{t('overview.noUsers')}</p>;
  return (
    <ul>
      {users.map((user) => (
        <li key={user.id} className="flex min-h-7 items-center gap-2">
          <StateIcon shape={shapeOf[user.condition]} />
          <Link to={pathOf('containers', user.id)} className="truncate font-medium">
            {user.name}
          </Link>
          <span className="text-text-3">
            {t(`common:condition.${user.condition}`, { code: user.exitCode ?? '' })}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Facts({ inspect, layers }: { inspect: ImageInspect; layers: ImageLayers | undefined }) {
  const { t, i18n } = useTranslation('image');
  const { Config: config } = inspect;
  const created = Date.parse(inspect.Created);
  const facts: [string, string][] = [
    [t('overview.size'), formatBytes(inspect.Size)],
    ...(layers
      ? [
          [t('overview.unique'), formatBytes(layers.uniqueBytes)] as [string, string],
          [
            t('overview.layers'),
            t('overview.layerCount', { count: layers.layers.filter(({ diffId }) => diffId !== null).length }),
          ] as [string, string],
        ]
      : []),
    [t('overview.platform'), `${inspect.Os}/${inspect.Architecture}`],
    ...(created > 0
      ? [
          [
            t('overview.created'),
            new Date(created).toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }),
          ] as [string, string],
        ]
      : []),
    [t('overview.author'), inspect.Author],
    [t('overview.runs'), [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' ')],
    [t('overview.ports'), Object.keys(config.ExposedPorts ?? {}).join(', ')],
    [t('overview.volumes'), Object.keys(config.Volumes ?? {}).join(', ')],
  ];
  return (
    <dl>
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name} className="grid min-h-7 grid-cols-[130px_minmax(0,1fr)] items-center gap-2">
            <dt className="text-text-2">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** What the image is called, what it holds, who uses it. */
export function OverviewTab({
  inspect,
  layers,
  users,
}: {
  inspect: ImageInspect;
  layers: ImageLayers | undefined;
  users: readonly ContainerView[];
}) {
  const { t } = useTranslation('image');
  return (
    <section
      aria-label={t('tabs.overview')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="@container min-h-0 flex-1 overflow-y-auto p-4"
    >
      <div className="grid items-start gap-3 @min-[760px]:grid-cols-2">
        <Group title={t('overview.facts')}>
          <Facts inspect={inspect} layers={layers} />
        </Group>
        <div className="flex flex-col gap-3">
          <Group title={t('overview.names')}>
            <Names inspect={inspect} />
          </Group>
          <Group title={t('overview.users')}>
            <Users users={users} />
          </Group>
          {inspect.RepoDigests.length > 0 && (
            <Group title={t('overview.digests')}>
              <ul>
                {inspect.RepoDigests.map((digest) => (
                  <li key={digest} className="flex min-h-7 items-center gap-1">
                    <span className="code min-w-0 flex-1 break-all">{digest}</span>
                    <CopyButton text={digest} what={t('digestName')} iconOnly />
                  </li>
                ))}
              </ul>
            </Group>
          )}
        </div>
      </div>
    </section>
  );
}
