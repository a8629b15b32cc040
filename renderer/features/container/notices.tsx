import { useTranslation } from 'react-i18next';
import type { ContainerInspect } from '../../../engine/api/containers.ts';
import type { ContainerView } from '../../stores/container-state.ts';
import { act, dismissRefusal, useContainers } from '../../stores/containers.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { StateIcon } from '../../ui/state-icon.tsx';
import { exitReason } from './exit-reason.ts';

/** What must be read first: an action that the engine refused, or why the container ended badly. */
export function Notices({ view, inspect }: { view: ContainerView; inspect: ContainerInspect | undefined }) {
  const { t } = useTranslation(['container', 'common']);
  const refusal = useContainers(({ refusals }) => refusals.get(view.id));
  const failed = view.condition === 'failed' && inspect !== undefined && inspect.State.ExitCode !== 0;
  if (!refusal && !failed) return null;
  return (
    <div className="flex flex-none flex-col gap-2 px-3 pb-2">
      {refusal && (
        <ErrorFailure
          title={t('refused', { action: t(`common:action.${refusal.action}`) })}
          error={refusal.error}
        >
          <Button small onClick={() => void act(view.id, refusal.action)}>
            {t('common:retry')}
          </Button>
          <Button small onClick={() => dismissRefusal(view.id)}>
            {t('common:dismiss')}
          </Button>
        </ErrorFailure>
      )}
      {failed && (
        <p className="flex items-start gap-2 rounded-control bg-err-soft px-2.5 py-1.5 text-small [--state-cut:var(--color-err-soft)]">
          <StateIcon shape="failed" className="mt-0.5" />
          <span>
            {t('died', {
              code: inspect.State.ExitCode,
              reason: t(`exitReason.${exitReason(inspect.State)}`),
            })}
            {inspect.State.Error && <code className="code ml-1 break-words">{inspect.State.Error}</code>}
          </span>
        </p>
      )}
    </div>
  );
}
