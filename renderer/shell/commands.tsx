import { Box, Keyboard, Languages, Layers, Play, Power, SquareTerminal, SunMoon } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { host } from '../bridge/index.ts';
import { go, pathOf } from '../router/location.ts';
import { isUp } from '../stores/container-state.ts';
import { act, useContainers } from '../stores/containers.ts';
import { toggleDock } from '../stores/dock.ts';
import { useImages } from '../stores/images.ts';
import { changeAppearance } from '../stores/settings.ts';
import { reportFailure } from '../ui/report.ts';
import { places } from './places.ts';
import type { Rankable } from './rank.ts';

export interface Command extends Rankable {
  id: string;
  icon: ReactNode;
  /** What kind of thing it is, beside its name. */
  kind?: string;
  keys?: string;
  run: () => void;
}

/** Names in the other language and pinyin initials: people type what their fingers know. */
const aliases: Record<string, string[]> = {
  '/containers': ['Containers', '容器', 'rq'],
  '/images': ['Images', '镜像', 'jx'],
  '/machine': ['Machine', '虚拟机', 'xnj'],
  run: ['Run a container', '运行容器', 'yxrq'],
  dock: ['Terminals', '终端', 'zd'],
  keys: ['Keyboard shortcuts', '键盘快捷键', 'jpkjj'],
  theme: ['Theme', '主题', 'zt', 'dark', 'light', '深色', '浅色'],
  language: ['Language', '语言', 'yy'],
  machine: ['Machine', '虚拟机', 'xnj', 'engine', '引擎', 'yq'],
};

function useGeneralCommands(onKeys: () => void): Command[] {
  const { t } = useTranslation();
  return useMemo(() => {
    const themes = ['system', 'light', 'dark'] as const;
    const languages = [
      ['en', t('menu.english')],
      ['zh-CN', t('menu.chinese')],
    ] as const;
    const machine = [
      ['start', t('engine.startMachine'), host.startMachine],
      ['stop', t('engine.stopMachine'), host.stopMachine],
      ['restart', t('engine.restartEngine'), host.restartEngine],
    ] as const;
    return [
      ...places.map((place, index) => ({
        id: place.path,
        label: t('palette.go', { place: t(place.label) }),
        icon: <place.icon size={14} />,
        aliases: aliases[place.path] ?? [],
        keys: `Mod+${index + 1}`,
        run: () => go(place.path),
      })),
      {
        id: 'run',
        label: t('palette.run'),
        icon: <Play size={14} />,
        aliases: aliases.run ?? [],
        run: () => go('/containers?run='),
      },
      {
        id: 'dock',
        label: t('palette.dock'),
        icon: <SquareTerminal size={14} />,
        aliases: aliases.dock ?? [],
        keys: 'Ctrl+`',
        run: toggleDock,
      },
      {
        id: 'keys',
        label: t('menu.keys'),
        icon: <Keyboard size={14} />,
        aliases: aliases.keys ?? [],
        keys: '?',
        run: onKeys,
      },
      ...themes.map((theme) => ({
        id: `theme-${theme}`,
        label: t('palette.theme', { theme: t(`menu.${theme}`) }),
        icon: <SunMoon size={14} />,
        aliases: aliases.theme ?? [],
        run: () => reportFailure(changeAppearance({ theme })),
      })),
      ...languages.map(([language, name]) => ({
        id: `language-${language}`,
        label: t('palette.language', { language: name }),
        icon: <Languages size={14} />,
        aliases: aliases.language ?? [],
        run: () => reportFailure(changeAppearance({ language })),
      })),
      ...machine.map(([id, label, call]) => ({
        id: `machine-${id}`,
        label,
        icon: <Power size={14} />,
        aliases: aliases.machine ?? [],
        run: () => reportFailure(call()),
      })),
    ];
  }, [t, onKeys]);
}

/** Everything the palette offers: places, commands, and containers and images by name. */
export function useCommands(onKeys: () => void): Command[] {
  const { t } = useTranslation();
  const general = useGeneralCommands(onKeys);
  const byId = useContainers((state) => state.byId);
  const images = useImages((state) => state.images);
  return useMemo(() => {
    const containers = [...byId.values()].flatMap((view): Command[] => {
      const action = isUp(view) ? 'stop' : 'start';
      return [
        {
          id: `container-${view.id}`,
          label: view.name,
          kind: t('palette.container'),
          icon: <Box size={14} />,
          aliases: [view.image, view.id],
          run: () => go(pathOf('containers', view.id)),
        },
        {
          id: `container-${action}-${view.id}`,
          label: t(`actionOn.${action}`, { name: view.name }),
          icon: <Power size={14} />,
          run: () => void act(view.id, action),
        },
      ];
    });
    const tagged = images.flatMap((image) =>
      (image.RepoTags ?? []).map(
        (tag): Command => ({
          id: `image-${tag}`,
          label: tag,
          kind: t('palette.image'),
          icon: <Layers size={14} />,
          run: () => go(pathOf('images', tag)),
        }),
      ),
    );
    return [...general, ...containers, ...tagged];
  }, [t, general, byId, images]);
}
