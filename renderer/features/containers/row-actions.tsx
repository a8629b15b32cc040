import {
  Ellipsis,
  FileText,
  Info,
  Pause,
  Pin,
  PinOff,
  Play,
  RotateCw,
  Square,
  Terminal,
  Trash2,
  Zap,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { go, pathOf } from '../../router/location.ts';
import { type ContainerView, isUp } from '../../stores/container-state.ts';
import { act } from '../../stores/containers.ts';
import { changePreferences, toggled, usePreferences } from '../../stores/preferences.ts';
import { IconButton } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-button.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../ui/menu.tsx';
import { reportFailure } from '../../ui/report.ts';

const icon = { size: 14, 'aria-hidden': true } as const;

/** Stop or Start, and everything else in a menu. */
export function RowActions({
  view,
  onRemove,
}: {
  view: ContainerView;
  onRemove: (view: ContainerView) => void;
}) {
  const { t } = useTranslation('containers');
  const { t: common } = useTranslation();
  const up = isUp(view);
  const main = up ? 'stop' : 'start';
  return (
    <span className="flex justify-end">
      <IconButton
        small
        tabIndex={-1}
        label={common(`actionOn.${main}`, { name: view.name })}
        keys="Space"
        icon={up ? <Square {...icon} /> : <Play {...icon} />}
        onClick={() => void act(view.id, main)}
      />
      <Menu
        trigger={
          <IconButton
            small
            tabIndex={-1}
            label={t('moreFor', { name: view.name })}
            icon={<Ellipsis {...icon} />}
          />
        }
      >
        <RowMenu view={view} onRemove={onRemove} />
      </Menu>
    </span>
  );
}

function RowMenu({ view, onRemove }: { view: ContainerView; onRemove: (view: ContainerView) => void }) {
  const { t } = useTranslation('containers');
  const { t: common } = useTranslation();
  const pinned = usePreferences((preferences) => preferences.pinned);
  const isPinned = pinned.includes(view.name);
  const show = (tab: string) => () => go(pathOf('containers', view.id, tab));
  const paused = view.condition === 'paused';
  return (
    <>
      <MenuItem icon={<FileText {...icon} />} onSelect={show('logs')}>
        {t('logs')}
      </MenuItem>
      <MenuItem icon={<Info {...icon} />} onSelect={show('inspect')}>
        {t('inspect')}
      </MenuItem>
      {isUp(view) && (
        <>
          <MenuItem icon={<Terminal {...icon} />} onSelect={show('terminal')}>
            {t('terminal')}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={<RotateCw {...icon} />} onSelect={() => void act(view.id, 'restart')}>
            {common('action.restart')}
          </MenuItem>
          <MenuItem
            icon={paused ? <Play {...icon} /> : <Pause {...icon} />}
            onSelect={() => void act(view.id, paused ? 'unpause' : 'pause')}
          >
            {common(paused ? 'action.unpause' : 'action.pause')}
          </MenuItem>
          <MenuItem icon={<Zap {...icon} />} danger onSelect={() => void act(view.id, 'kill')}>
            {common('action.kill')}
          </MenuItem>
        </>
      )}
      <MenuSeparator />
      <MenuItem
        icon={isPinned ? <PinOff {...icon} /> : <Pin {...icon} />}
        onSelect={() => reportFailure(changePreferences({ pinned: toggled(pinned, view.name) }))}
      >
        {t(isPinned ? 'unpin' : 'pin')}
      </MenuItem>
      <MenuItem onSelect={() => reportFailure(copyText(view.id))}>{t('copyId')}</MenuItem>
      <MenuSeparator />
      <MenuItem icon={<Trash2 {...icon} />} danger keys="⌫" onSelect={() => onRemove(view)}>
        {common('action.remove')}
      </MenuItem>
    </>
  );
}
