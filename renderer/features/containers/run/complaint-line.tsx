import { useTranslation } from 'react-i18next';
import { act } from '../../../stores/containers.ts';
import { Button } from '../../../ui/button.tsx';
import { StateIcon } from '../../../ui/state-icon.tsx';
import type { Complaint } from './check.ts';

/** The parameters that the sentences of complaints take. */
function wordsOf(complaint: Complaint): { port: string; path: string; name: string } {
  return {
    port: 'port' in complaint ? complaint.port : '',
    path: 'path' in complaint ? complaint.path : '',
    name: 'name' in complaint ? complaint.name : '',
  };
}

/** What is wrong with a field, beside it, with the ways out. */
export function ComplaintLine({
  complaint,
  onUsePort,
}: {
  complaint: Complaint | undefined;
  onUsePort?: (port: number) => void;
}) {
  const { t } = useTranslation('containers');
  if (!complaint) return null;
  return (
    <div
      role="status"
      className="mt-0.5 mb-1.5 flex min-h-8 items-center gap-2 rounded-control bg-err-soft py-1 pr-1 pl-2 text-small text-err [--state-cut:var(--color-err-soft)]"
    >
      <StateIcon shape="unhealthy" />
      <span className="min-w-0 flex-1 break-words">
        {complaint.kind === 'portUsed'
          ? t('runDialog.portUsed', { port: complaint.port, name: complaint.owner.name })
          : t(`runDialog.${complaint.kind}`, wordsOf(complaint))}
      </span>
      {complaint.kind === 'portUsed' && (
        <span className="flex flex-none gap-1 text-text">
          <Button small onClick={() => onUsePort?.(complaint.free)}>
            {t('runDialog.usePort', { port: complaint.free })}
          </Button>
          <Button small onClick={() => void act(complaint.owner.id, 'stop')}>
            {t('runDialog.stopOwner', { name: complaint.owner.name })}
          </Button>
        </span>
      )}
    </div>
  );
}
