import i18next from 'i18next';
import { EngineError } from '../../engine/api/client.ts';
import { HostUnreachable, StreamLost } from '../bridge/index.ts';

export interface ErrorWords {
  text: string;
  /** Technical text as it came. */
  detail?: string;
}

/** Turns anything caught into words of the page's language; engine texts stay as folded detail. */
export function errorWords(error: unknown): ErrorWords {
  const t = i18next.getFixedT(null, 'errors');
  if (error instanceof EngineError) {
    const { berth } = error;
    const known = berth && i18next.exists(`errors:code.${berth.code}`);
    if (!known) return { text: t('unknown'), detail: error.message };
    return { text: t(`code.${berth.code}`, berth.params), detail: error.message };
  }
  if (error instanceof HostUnreachable) return { text: t('unreachable') };
  if (error instanceof StreamLost) return { text: t('streamLost') };
  return {
    text: t('unknown'),
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
