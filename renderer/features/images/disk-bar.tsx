import { useTranslation } from 'react-i18next';
import type { DiskShares } from '../../stores/disk-shares.ts';
import { classNames } from '../../ui/class-names.ts';
import { formatBytes, formatShare } from '../../ui/format.ts';

function Figure({
  name,
  value,
  share,
  warn,
}: {
  name: string;
  value: string;
  share?: string;
  warn?: boolean;
}) {
  return (
    <div className="whitespace-nowrap">
      <span className="block text-small text-text-3">{name}</span>
      <b className={classNames('tabular text-title leading-[22px] font-semibold', warn && 'text-warn')}>
        {value}
      </b>
      {share && <span className="tabular ml-1.5 text-text-3">{share}</span>}
    </div>
  );
}

/** What images take of the disk: used, shared, and what comes back by cleaning up. */
export function DiskBar({ shares }: { shares: DiskShares }) {
  const { t } = useTranslation('images');
  const { totalBytes, usedBytes, sharedBytes, reclaimableBytes } = shares;
  const parts = [
    { name: 'used', bytes: usedBytes, look: 'bg-bar-2 text-text' },
    { name: 'shared', bytes: sharedBytes, look: 'bg-bar text-text-2' },
    { name: 'reclaimable', bytes: reclaimableBytes, look: 'hatch bg-bar text-text' },
  ] as const;
  const label = t('barLabel', {
    total: formatBytes(totalBytes),
    used: formatBytes(usedBytes),
    shared: formatBytes(sharedBytes),
    reclaimable: formatBytes(reclaimableBytes),
  });
  return (
    <div className="flex flex-none items-center gap-6 px-4 pt-1 pb-3 @max-[670px]:gap-4">
      <Figure name={t('onDisk')} value={formatBytes(totalBytes)} />
      <Figure
        name={t('reclaimable')}
        value={formatBytes(reclaimableBytes)}
        warn={reclaimableBytes > 0}
        {...(totalBytes > 0 ? { share: formatShare(reclaimableBytes / totalBytes) } : {})}
      />
      <div
        role="img"
        aria-label={label}
        className="flex h-9 min-w-30 flex-1 gap-0.5 overflow-hidden rounded-[7px] bg-idle-soft"
      >
        {parts
          .filter(({ bytes }) => bytes > 0)
          .map(({ name, bytes, look }) => (
            <span
              key={name}
              title={`${t(name)} ${formatBytes(bytes)}`}
              className={classNames(
                'flex min-w-[3px] flex-col justify-center overflow-hidden whitespace-nowrap pl-2 text-meta leading-[14px]',
                look,
              )}
              style={{ flexGrow: bytes, flexBasis: 0 }}
            >
              <b className="self-start bg-inherit px-0.5 font-semibold">{t(name)}</b>
              <span className="tabular self-start bg-inherit px-0.5">{formatBytes(bytes)}</span>
            </span>
          ))}
      </div>
    </div>
  );
}
