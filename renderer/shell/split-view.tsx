import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Group, Panel, Separator, useDefaultLayout } from 'react-resizable-panels';

/** The list is never narrower. */
const listMinPx = 398;
const detailMinPx = 420;

/** List and detail side by side, with a divider that can be dragged or moved by arrow keys. */
export default function SplitView({ list, detail }: { list: ReactNode; detail: ReactNode }) {
  const { t } = useTranslation();
  const layout = useDefaultLayout({ id: 'berth.containers', storage: sessionStorage });
  return (
    <Group {...layout} orientation="horizontal" className="min-h-0 flex-1">
      <Panel id="list" defaultSize="46%" minSize={listMinPx} className="flex flex-col">
        {list}
      </Panel>
      <Separator
        aria-label={t('resize', { what: t('nav.containers') })}
        className="w-2 flex-none rounded-full data-[separator=active]:bg-accent-text/40 data-[separator=hover]:bg-line-strong/30"
      />
      <Panel id="detail" minSize={detailMinPx} className="flex flex-col">
        {detail}
      </Panel>
    </Group>
  );
}
