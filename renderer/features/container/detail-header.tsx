import {
  Ellipsis,
  ExternalLink,
  Gauge,
  Layers,
  Maximize2,
  Minimize2,
  Pause,
  PencilLine,
  Play,
  RotateCw,
  Square,
  Trash2,
  X,
  Zap,
} from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContainerInspect } from '../../../engine/api/containers.ts';
import { Link } from '../../router/link.tsx';
import { go, pathOf, setQuery, useLocation } from '../../router/location.ts';
import { shapeOf } from '../../stores/container-shape.ts';
import { type ContainerView, isUp } from '../../stores/container-state.ts';
import { act, useContainers } from '../../stores/containers.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { formatMemory, formatMoment, formatSpan } from '../../ui/format.ts';
import { Menu, MenuItem, MenuSeparator } from '../../ui/menu.tsx';
import { StateIcon, toneOf } from '../../ui/state-icon.tsx';
import { useNow } from '../../ui/use-now.ts';
import { LimitsDialog, RenameDialog } from './change-dialog.tsx';
import { useRemoval } from './use-removal.tsx';

function StateBadge({ view }: { view: ContainerView }) {
  const { t } = useTranslation();
  const transition = useContainers(({ transitions }) => transitions.get(view.id));
  const shape = transition ? 'busy' : shapeOf[view.condition];
  const dead = view.condition === 'failed' && view.exitCode === undefined;
  const word = transition
    ? t(`transition.${transition.action}`)
    : dead
      ? t('condition.dead')
      : t(`condition.${view.condition}`, { code: view.exitCode ?? '' });
  return (
    <Badge large tone={toneOf[shape]}>
      <StateIcon shape={shape} />
      {word}
    </Badge>
  );
}

const icon = { size: 14, 'aria-hidden': true } as const;

function Actions({ view, inspect }: { view: ContainerView; inspect: ContainerInspect | undefined }) {
  const { t } = useTranslation(['container', 'common']);
  const { remove, dialog } = useRemoval();
  const [change, setChange] = useState<'rename' | 'limits'>();
  const closeChange = () => setChange(undefined);
  const up = isUp(view);
  const paused = view.condition === 'paused';
  const button = (action: 'restart' | 'stop' | 'start' | 'unpause', symbol: React.ReactNode) => (
    <Button
      aria-label={t(`common:actionOn.${action}`, { name: view.name })}
      onClick={() => void act(view.id, action)}
    >
      {symbol}
      <span className="@max-[470px]:hidden">{t(`common:action.${action}`)}</span>
    </Button>
  );
  return (
    <>
      {up && !paused && button('restart', <RotateCw {...icon} />)}
      {paused && button('unpause', <Play {...icon} />)}
      {up ? button('stop', <Square {...icon} />) : button('start', <Play {...icon} />)}
      <Menu trigger={<IconButton label={t('more', { name: view.name })} icon={<Ellipsis size={16} />} />}>
        {up && !paused && (
          <MenuItem icon={<Pause {...icon} />} onSelect={() => void act(view.id, 'pause')}>
            {t('common:action.pause')}
          </MenuItem>
        )}
        {up && (
          <MenuItem icon={<Zap {...icon} />} danger onSelect={() => void act(view.id, 'kill')}>
            {t('common:action.kill')}
          </MenuItem>
        )}
        <MenuItem icon={<Layers {...icon} />} onSelect={() => go(pathOf('images', view.image, 'layers'))}>
          {t('openImage')}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<PencilLine {...icon} />} onSelect={() => setChange('rename')}>
          {t('rename')}
        </MenuItem>
        <MenuItem icon={<Gauge {...icon} />} disabled={!inspect} onSelect={() => setChange('limits')}>
          {t('changeLimits')}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 {...icon} />} danger onSelect={() => remove(view)}>
          {t('common:action.remove')}
        </MenuItem>
      </Menu>
      {dialog}
      {change === 'rename' && <RenameDialog id={view.id} name={view.name} onClose={closeChange} />}
      {change === 'limits' && inspect && (
        <LimitsDialog inspect={inspect} name={view.name} onClose={closeChange} />
      )}
    </>
  );
}

const Dot = () => <span aria-hidden="true" className="size-[3px] flex-none rounded-full bg-line-strong" />;

/** How long it runs, or when it ended. */
function Lifetime({ inspect, view }: { inspect: ContainerInspect; view: ContainerView }) {
  const { t } = useTranslation('container');
  const now = useNow(1000);
  const { StartedAt, FinishedAt } = inspect.State;
  if (StartedAt.startsWith('0001')) return <span>{t('neverStarted')}</span>;
  if (isUp(view))
    return <span className="tabular">{t('up', { duration: formatSpan(now - Date.parse(StartedAt)) })}</span>;
  return <span className="tabular">{t('stoppedAt', { moment: formatMoment(Date.parse(FinishedAt)) })}</span>;
}

/** Name, state and actions of a container, and a line of facts below. */
export function DetailHeader({
  view,
  inspect,
}: {
  view: ContainerView;
  inspect: ContainerInspect | undefined;
}) {
  const { t } = useTranslation('container');
  const full = useLocation(({ query }) => query.has('full'));
  const memory = inspect?.HostConfig.Memory ?? 0;
  return (
    <header className="@container flex-none">
      <div className="flex items-center gap-2 pt-2.5 pr-3 pb-1.5 pl-4">
        <h1 className="min-w-0 truncate text-title tracking-[-0.01em]" title={view.name}>
          {view.name}
        </h1>
        <StateBadge view={view} />
        {inspect && inspect.RestartCount > 0 && (
          <Badge large tone="warn">
            {t('restarted', { count: inspect.RestartCount })}
          </Badge>
        )}
        <span className="flex-1" />
        <Actions view={view} inspect={inspect} />
        <span className="hidden split:inline-flex">
          <IconButton
            label={t(full ? 'shrink' : 'enlarge')}
            icon={full ? <Minimize2 size={15} /> : <Maximize2 size={15} />}
            onClick={() => setQuery({ full: full ? '' : '1' }, { replace: true })}
          />
        </span>
        <IconButton label={t('close')} keys="Esc" icon={<X size={16} />} onClick={() => go('/containers')} />
      </div>
      <div className="flex min-w-0 items-center gap-2 overflow-hidden px-4 pb-2 text-small whitespace-nowrap text-text-2">
        <Link
          to={pathOf('images', view.image, 'layers')}
          className="code truncate text-text-2 hover:text-accent-text hover:underline"
        >
          {view.image}
        </Link>
        {view.ports.slice(0, 2).map(({ port, protocol }) => (
          <span key={`${port}${protocol}`} className="contents">
            <Dot />
            {protocol === 'tcp' ? (
              <a
                href={`http://localhost:${port}`}
                target="_blank"
                rel="noreferrer"
                aria-label={t('openPort', { port })}
                className="flex items-center gap-1"
              >
                localhost:{port}
                <ExternalLink size={11} aria-hidden />
              </a>
            ) : (
              <span className="code">
                {port}/{protocol}
              </span>
            )}
          </span>
        ))}
        <Dot />
        <span className="code text-text-3">{view.id.slice(0, 12)}</span>
        <span className="-mx-1.5">
          <CopyButton text={view.id} what={t('containerId')} iconOnly />
        </span>
        {inspect && (
          <>
            <Dot />
            <Lifetime inspect={inspect} view={view} />
          </>
        )}
        {memory > 0 && (
          <span className="flex items-center gap-2 @max-[560px]:hidden">
            <Dot />
            {t('limit', { size: formatMemory(memory) })}
          </span>
        )}
      </div>
    </header>
  );
}
