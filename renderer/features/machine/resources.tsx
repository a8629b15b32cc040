import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../../electron/host/api/machine.ts';
import { useEngineStatus } from '../../stores/engine-status.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { formatBytes, formatMemory, formatNumber, formatShare } from '../../ui/format.ts';
import { Meter } from '../../ui/meter.tsx';

function Resource({ name, value, children }: { name: string; value: string; children?: ReactNode }) {
  return (
    <div className="border-t border-line px-4 py-2.5">
      <div className="flex items-baseline justify-between gap-3">
        <h3 className="font-medium">{name}</h3>
        <span className="tabular text-text-2">{value}</span>
      </div>
      {children}
    </div>
  );
}

function Use({ share, words }: { share: number; words: string }) {
  return (
    <div className="mt-1.5">
      <Meter wide share={share} />
      <div className="tabular mt-1 text-small text-text-3">{words}</div>
    </div>
  );
}

/** What the machine has and how much of it is in use. */
export function Resources({ machine }: { machine: MachineState }) {
  const { t } = useTranslation('machine');
  const status = useEngineStatus();
  const { resources } = machine;
  const { socket } = machine.engine;
  const memory = status && status.memoryBytes.total - status.memoryBytes.available;
  const disk = status && status.disk.totalBytes - status.disk.freeBytes;
  return (
    <section className="card flex-none" aria-label={t('resources.title')}>
      <h2 className="px-4 pt-2.5 pb-2">{t('resources.title')}</h2>
      <div>
        <Resource name={t('resources.processors')} value={resources ? formatNumber(resources.cpus) : ''}>
          {status && (
            <Use
              share={status.cpuShare}
              words={t('resources.inUse', { share: formatShare(status.cpuShare) })}
            />
          )}
        </Resource>
        <Resource name={t('resources.memory')} value={resources ? formatMemory(resources.memoryBytes) : ''}>
          {status && memory !== undefined && (
            <Use
              share={memory / status.memoryBytes.total}
              words={t('resources.memoryInUse', {
                used: formatMemory(memory),
                total: formatMemory(status.memoryBytes.total),
              })}
            />
          )}
        </Resource>
        <Resource name={t('resources.disk')} value={resources ? formatBytes(resources.diskBytes) : ''}>
          {status && disk !== undefined && (
            <Use
              share={disk / status.disk.totalBytes}
              words={t('resources.diskInUse', {
                used: formatBytes(disk),
                total: formatBytes(status.disk.totalBytes),
              })}
            />
          )}
        </Resource>
        {socket && (
          <Resource name={t('resources.socket')} value="">
            <div className="mt-1 flex items-center gap-1">
              <span className="code min-w-0 flex-1 truncate text-text-2">{socket}</span>
              <CopyButton text={`unix://${socket}`} iconOnly what={t('resources.socket')} />
            </div>
          </Resource>
        )}
      </div>
    </section>
  );
}
