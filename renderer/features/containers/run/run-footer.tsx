import { useTranslation } from 'react-i18next';
import { Button } from '../../../ui/button.tsx';
import { formatBytes } from '../../../ui/format.ts';
import { keyText } from '../../../ui/keys.tsx';
import { Meter } from '../../../ui/meter.tsx';
import { StateIcon } from '../../../ui/state-icon.tsx';
import type { RunStep } from './run-container.ts';

function Progress({ step }: { step: RunStep }) {
  const { t } = useTranslation('containers');
  const words =
    step.step === 'pulling' ? t('runDialog.pulling', { image: step.image }) : t(`runDialog.${step.step}`);
  return (
    <>
      <StateIcon shape="busy" />
      <span className="min-w-0 truncate">{words}</span>
      {step.step === 'pulling' && step.totalBytes > 0 && (
        <span className="tabular flex flex-none items-center gap-2 text-text-2">
          <Meter share={step.doneBytes / step.totalBytes} />
          {`${formatBytes(step.doneBytes)} / ${formatBytes(step.totalBytes)}`}
        </span>
      )}
    </>
  );
}

/** What goes on or what is to change, and Cancel and Run. */
export function RunFooter({
  step,
  complaints,
  onCancel,
}: {
  step: RunStep | undefined;
  complaints: number;
  onCancel: () => void;
}) {
  const { t } = useTranslation('containers');
  const { t: common } = useTranslation();
  return (
    <footer className="flex flex-none items-center gap-2 border-t border-line px-5 py-3">
      <div role="status" className="flex min-w-0 flex-1 items-center gap-2 text-small">
        {step ? (
          <Progress step={step} />
        ) : (
          complaints > 0 && (
            <span className="flex items-center gap-2 text-err">
              <StateIcon shape="unhealthy" />
              {t('runDialog.toChange', { count: complaints })}
            </span>
          )
        )}
      </div>
      <Button onClick={onCancel}>{common('cancel')}</Button>
      <Button type="submit" look="primary" {...(complaints > 0 || step ? { 'aria-disabled': true } : {})}>
        {t(step ? 'runDialog.running' : 'runDialog.run')}
        <kbd className="rounded-chip border border-current/40 px-1 font-sans text-meta font-medium">
          {keyText('Mod+⏎')}
        </kbd>
      </Button>
    </footer>
  );
}
