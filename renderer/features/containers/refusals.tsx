import { useTranslation } from 'react-i18next';
import { act, dismissRefusal, useContainers } from '../../stores/containers.ts';
import { Button } from '../../ui/button.tsx';
import { errorWords } from '../../ui/error-words.ts';
import { Failure } from '../../ui/failure.tsx';

/** What the engine refused, kept until read. */
export function Refusals() {
  const { t } = useTranslation('containers');
  const { t: common } = useTranslation();
  const refusals = useContainers((state) => state.refusals);
  const byId = useContainers((state) => state.byId);
  if (refusals.size === 0) return null;
  return (
    <div className="flex max-h-1/2 flex-none flex-col gap-2 overflow-auto border-t border-line p-2">
      {[...refusals].map(([id, { action, error }]) => {
        const { text, detail } = errorWords(error);
        const name = byId.get(id)?.name ?? id.slice(0, 12);
        return (
          <Failure
            key={id}
            title={t('refused', { action: common(`action.${action}`), name })}
            text={text}
            detail={detail}
          >
            <Button small onClick={() => void act(id, action)}>
              {common('retry')}
            </Button>
            <Button small onClick={() => dismissRefusal(id)}>
              {common('dismiss')}
            </Button>
          </Failure>
        );
      })}
    </div>
  );
}
