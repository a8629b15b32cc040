import { useTranslation } from 'react-i18next';
import type { StageReport } from '../../../electron/host/api/machine.ts';
import { formatBytes, formatMemory, formatNumber } from '../../ui/format.ts';

type Format = (value: string | number) => string;
const plain: Format = (value) => (typeof value === 'number' ? formatNumber(value) : value);
const memory: Format = (value) => formatMemory(Number(value));
const bytes: Format = (value) => formatBytes(Number(value));

/** Facts that have words: which message, and how their value is written. Others are for the log. */
const known: Record<
  string,
  {
    key: 'cores' | 'cpus' | 'memory' | 'disk' | 'free' | 'kernel' | 'version' | 'ports' | 'bytes';
    format: Format;
  }
> = {
  cores: { key: 'cores', format: plain },
  cpus: { key: 'cpus', format: plain },
  memoryBytes: { key: 'memory', format: memory },
  diskBytes: { key: 'disk', format: bytes },
  freeBytes: { key: 'free', format: bytes },
  kernel: { key: 'kernel', format: plain },
  version: { key: 'version', format: plain },
  ports: { key: 'ports', format: plain },
  bytes: { key: 'bytes', format: bytes },
};

const accelerators = ['kvm', 'hvf', 'whpx', 'tcg', 'none'] as const;

/** A stage's facts in one line, such as "10 cores, 32 GB memory". */
export function useFacts(stage: StageReport): string {
  const { t } = useTranslation('machine');
  const words = Object.entries(stage.facts).flatMap(([name, value]) => {
    if (value === '') return [];
    const accelerator = name === 'accelerator' && accelerators.find((one) => one === value);
    if (accelerator) return [t(`accelerator.${accelerator}`)];
    const fact = known[name];
    return fact ? [t(`facts.${fact.key}`, { value: fact.format(value) })] : [];
  });
  return words.join(t('facts.between'));
}
