import { type ReactNode, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContainerInspect } from '../../../../engine/api/containers.ts';
import type { UsagePoint } from '../../../stores/usage.ts';
import { EmptyState } from '../../../ui/empty-state.tsx';
import { Segmented } from '../../../ui/field.tsx';
import { formatBytes, formatMemory, formatNumber, formatShare } from '../../../ui/format.ts';
import { lazyPart } from '../../../ui/lazy-part.tsx';
import type { Line } from './chart.tsx';
import { Processes } from './processes.tsx';
import { UsageTable } from './usage-table.tsx';
import { useUsage } from './use-usage.ts';

const Chart = lazyPart(() => import('./chart.tsx').then((module) => module.default));

/** Which line is which, where there are two. */
function Keys({ first, second }: { first: string; second: string }) {
  return (
    <span className="ml-auto flex gap-3 text-meta font-normal text-text-3" aria-hidden="true">
      {[
        [first, 'bg-accent-text'],
        [second, 'bg-info'],
      ].map(([label, colour]) => (
        <span key={label} className="flex items-center gap-1.5">
          <i className={`h-0.5 w-3 rounded-full ${colour}`} />
          {label}
        </span>
      ))}
    </span>
  );
}

function Panel({
  title,
  value,
  keys,
  children,
}: {
  title: string;
  value: string;
  keys?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section aria-label={title} className="min-w-0 rounded-[8px] border border-line p-3">
      <h2 className="mb-1.5 flex items-baseline gap-2">
        {title}
        <span className="tabular font-normal text-text-2">{value}</span>
        {keys}
      </h2>
      <Suspense fallback={<div className="h-33" />}>{children}</Suspense>
    </section>
  );
}

function Charts({ points, limited }: { points: readonly UsagePoint[]; limited: boolean }) {
  const { t } = useTranslation('stats');
  const times = useMemo(() => points.map(({ atMs }) => atMs / 1000), [points]);
  const last = points.at(-1);
  if (!last) return null;
  const rate = (bytes: number) => t('rate', { size: formatBytes(Math.round(bytes)) });
  const of = (name: keyof UsagePoint) => points.map((point) => point[name]);
  const line = (name: keyof UsagePoint, colour: Line['colour'], label: string): Line => ({
    label,
    values: of(name),
    colour,
  });
  const limit: Line = { label: t('limit'), values: of('memoryLimitBytes'), colour: 'err', dashed: true };
  const memory = limited
    ? t('memoryOf', { used: formatMemory(last.memoryBytes), limit: formatMemory(last.memoryLimitBytes) })
    : formatMemory(last.memoryBytes);
  const network = t('network2', { received: rate(last.receivedPerSecond), sent: rate(last.sentPerSecond) });
  const disk = t('disk2', { read: rate(last.readPerSecond), written: rate(last.writtenPerSecond) });
  return (
    <div className="grid gap-3 @min-[720px]:grid-cols-2">
      <Panel title={t('cpu')} value={formatShare(last.cpuShare)}>
        <Chart
          times={times}
          lines={[line('cpuShare', 'accent', t('cpu'))]}
          format={formatShare}
          summary={t('summary', { what: t('cpu'), value: formatShare(last.cpuShare) })}
        />
      </Panel>
      <Panel title={t('memory')} value={memory}>
        <Chart
          times={times}
          lines={[line('memoryBytes', 'accent', t('memory')), ...(limited ? [limit] : [])]}
          format={formatMemory}
          summary={t('summary', { what: t('memory'), value: memory })}
        />
      </Panel>
      <Panel title={t('network')} value={network} keys={<Keys first={t('received')} second={t('sent')} />}>
        <Chart
          times={times}
          lines={[
            line('receivedPerSecond', 'accent', t('received')),
            line('sentPerSecond', 'info', t('sent')),
          ]}
          format={rate}
          summary={t('summary', { what: t('network'), value: network })}
        />
      </Panel>
      <Panel title={t('disk')} value={disk} keys={<Keys first={t('read')} second={t('written')} />}>
        <Chart
          times={times}
          lines={[line('readPerSecond', 'accent', t('read')), line('writtenPerSecond', 'info', t('written'))]}
          format={rate}
          summary={t('summary', { what: t('disk'), value: disk })}
        />
      </Panel>
    </div>
  );
}

/** What a running container uses, over the last five minutes, and its processes. */
export function StatsTab({ inspect, running }: { inspect: ContainerInspect; running: boolean }) {
  const { t } = useTranslation('stats');
  const points = useUsage(inspect.Id, running);
  const [view, setView] = useState<'charts' | 'table'>('charts');
  const last = points.at(-1);
  if (!running) return <EmptyState title={t('notRunning')} hint={t('notRunningHint')} />;
  if (!last) return <EmptyState title={t('reading')} />;
  return (
    <section
      aria-label={t('label')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="@container flex min-h-0 flex-1 flex-col gap-3 overflow-y-auto p-3"
    >
      <div className="flex flex-none items-center gap-3">
        <span className="tabular text-text-2">
          {t('processCount', { count: last.processes, value: formatNumber(last.processes) })}
        </span>
        <span className="flex-1" />
        <Segmented
          label={t('view')}
          value={view}
          options={[
            { value: 'charts', label: t('charts') },
            { value: 'table', label: t('table') },
          ]}
          onChange={setView}
        />
      </div>
      {view === 'charts' ? (
        <Charts points={points} limited={(inspect.HostConfig.Memory ?? 0) > 0} />
      ) : (
        <UsageTable points={points} />
      )}
      <Processes containerId={inspect.Id} />
    </section>
  );
}
