import { useTranslation } from 'react-i18next';
import type { UsagePoint } from '../../../stores/usage.ts';
import { formatBytes, formatMemory, formatNumber, formatShare } from '../../../ui/format.ts';

/** Rows shown: the newest, one a second. */
const shownRows = 60;

/** What the charts draw, in numbers. */
export function UsageTable({ points }: { points: readonly UsagePoint[] }) {
  const { t, i18n } = useTranslation('stats');
  const clock = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium', hourCycle: 'h23' });
  const rate = (bytes: number) => t('rate', { size: formatBytes(Math.round(bytes)) });
  const columns: [string, (point: UsagePoint) => string][] = [
    [t('time'), ({ atMs }) => clock.format(atMs)],
    [t('cpu'), ({ cpuShare }) => formatShare(cpuShare)],
    [t('memory'), ({ memoryBytes }) => formatMemory(memoryBytes)],
    [t('received'), ({ receivedPerSecond }) => rate(receivedPerSecond)],
    [t('sent'), ({ sentPerSecond }) => rate(sentPerSecond)],
    [t('read'), ({ readPerSecond }) => rate(readPerSecond)],
    [t('written'), ({ writtenPerSecond }) => rate(writtenPerSecond)],
    [t('processes'), ({ processes }) => formatNumber(processes)],
  ];
  return (
    <div className="overflow-x-auto rounded-[8px] border border-line">
      <table className="tabular w-full border-collapse text-right whitespace-nowrap">
        <caption className="sr-only">{t('label')}</caption>
        <thead className="bg-surface-2 text-meta text-text-3">
          <tr>
            {columns.map(([title]) => (
              <th key={title} scope="col" className="px-2 py-1 font-medium">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points
            .slice(-shownRows)
            .reverse()
            .map((point) => (
              <tr key={point.atMs} className="border-t border-line">
                {columns.map(([title, value]) => (
                  <td key={title} className="px-2 py-0.5">
                    {value(point)}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
