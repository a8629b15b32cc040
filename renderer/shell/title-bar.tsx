import { ChevronLeft, ChevronRight, Languages, Search } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from '../router/link.tsx';
import { goBack, goForward, useLocation } from '../router/location.ts';
import { useContainers } from '../stores/containers.ts';
import { changeAppearance, useAppearance } from '../stores/settings.ts';
import { IconButton } from '../ui/button.tsx';
import { Keys } from '../ui/keys.tsx';
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '../ui/menu.tsx';
import { reportFailure } from '../ui/report.ts';
import { EngineChip } from './engine-chip.tsx';
import { places } from './places.ts';

/** Where we are: the place, and the thing that is open in it. */
function Crumbs() {
  const { t } = useTranslation();
  const segments = useLocation((location) => location.segments);
  const place = places.find(({ path }) => path === `/${segments[0] ?? 'containers'}`);
  const id = segments[1];
  const containerName = useContainers(({ byId }) => (id === undefined ? undefined : byId.get(id)?.name));
  if (!place) return null;
  if (id === undefined) return <span className="truncate font-medium">{t(place.label)}</span>;
  return (
    <span className="flex min-w-0 gap-1.5">
      <Link to={place.path} className="flex-none text-text-2 hover:underline">
        {t(place.label)}
      </Link>
      <span className="text-text-3">/</span>
      <span className="truncate font-medium">{containerName ?? id.replace(/^sha256:/, '').slice(0, 60)}</span>
    </span>
  );
}

function AppearanceMenu({ onKeys }: { onKeys: () => void }) {
  const { t } = useTranslation();
  const { language, theme } = useAppearance();
  const change = (next: Parameters<typeof changeAppearance>[0]) => reportFailure(changeAppearance(next));
  return (
    <Menu trigger={<IconButton label={t('menu.label')} icon={<Languages size={16} />} />}>
      <MenuChoice
        label={t('menu.language')}
        value={language}
        options={[
          { value: 'system', label: t('menu.system') },
          { value: 'en', label: t('menu.english') },
          { value: 'zh-CN', label: t('menu.chinese') },
        ]}
        onChange={(language) => change({ language })}
      />
      <MenuSeparator />
      <MenuChoice
        label={t('menu.theme')}
        value={theme}
        options={[
          { value: 'system', label: t('menu.system') },
          { value: 'light', label: t('menu.light') },
          { value: 'dark', label: t('menu.dark') },
        ]}
        onChange={(theme) => change({ theme })}
      />
      <MenuSeparator />
      <MenuItem keys="?" onSelect={onKeys}>
        {t('menu.keys')}
      </MenuItem>
    </Menu>
  );
}

export function TitleBar({ onSearch, onKeys }: { onSearch: () => void; onKeys: () => void }) {
  const { t } = useTranslation();
  const { canGoBack, canGoForward } = useLocation((location) => location);
  return (
    <header className="col-span-2 flex items-center gap-2.5 pr-3" data-region>
      <div className="flex min-w-0 flex-1 items-center gap-1 pl-3 rail:pl-[216px]">
        <IconButton
          label={t('back')}
          keys="Mod+["
          icon={<ChevronLeft size={16} />}
          disabled={!canGoBack}
          onClick={goBack}
        />
        <IconButton
          label={t('forward')}
          keys="Mod+]"
          icon={<ChevronRight size={16} />}
          disabled={!canGoForward}
          onClick={goForward}
        />
        <Crumbs />
      </div>
      <button
        type="button"
        onClick={onSearch}
        aria-haspopup="dialog"
        aria-keyshortcuts="Control+K Meta+K"
        className="fade flex h-[30px] w-[min(440px,30vw)] flex-none items-center gap-2 rounded-[8px] border border-line bg-surface pr-2 pl-2.5 text-text-3 hover:bg-hover"
      >
        <Search size={14} aria-hidden />
        <span className="min-w-0 flex-1 truncate text-left">{t('search')}</span>
        <Keys keys="Mod+K" />
      </button>
      <div className="flex min-w-max flex-1 items-center justify-end gap-1.5">
        <EngineChip />
        <AppearanceMenu onKeys={onKeys} />
      </div>
    </header>
  );
}
