import type { TFunction } from 'i18next';
import type { Evidence } from '../../../../engine/api/post-mortem.ts';
import { formatMemory, formatMoment, formatSpan } from '../../../ui/format.ts';

/** What a cause was read from, in words. Text of programs stays as it came. */
export function evidenceWords(evidence: Evidence, t: TFunction<'ending'>): string {
  switch (evidence.kind) {
    case 'exit-code':
      return t('evidence.exitCode', { code: evidence.exitCode });
    case 'signal':
      return t('evidence.signal', { signal: evidence.signal });
    case 'oom-kills':
      return t('oomKills', { count: evidence.count });
    case 'memory':
      return evidence.limitBytes === null
        ? t('peak', { size: formatMemory(evidence.peakBytes) })
        : t('peakOf', { size: formatMemory(evidence.peakBytes), limit: formatMemory(evidence.limitBytes) });
    case 'request':
      return t('evidence.request', {
        client: evidence.client || t('evidence.somebody'),
        action: t(`action.${evidence.action}`),
        moment: formatMoment(Date.parse(evidence.at)),
      });
    case 'stop-timeout':
      return t('evidence.stopTimeout', { seconds: evidence.timeoutSeconds });
    case 'ran-for':
      return t('ranFor', { duration: formatSpan(evidence.milliseconds) });
    case 'error':
      return evidence.text;
    case 'log-line':
      return evidence.line.text;
    case 'process-limit':
      return t('evidence.processLimit', { count: evidence.refusedForks });
    case 'health':
      return t('evidence.health', { count: evidence.failingStreak });
  }
}
