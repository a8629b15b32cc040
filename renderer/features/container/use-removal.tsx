import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { go } from '../../router/location.ts';
import { type ContainerView, isUp } from '../../stores/container-state.ts';
import { act } from '../../stores/containers.ts';
import { removeSoon, undoMs } from '../../stores/removals.ts';
import { ConfirmDialog } from '../../ui/dialog.tsx';
import { showToast } from '../../ui/toast.tsx';

/** Removes the open container and leaves it: a stopped one can be taken back, a running one is asked about. */
export function useRemoval(): { remove: (view: ContainerView) => void; dialog: ReactNode } {
  const { t } = useTranslation(['container', 'common']);
  const [asked, setAsked] = useState<ContainerView>();
  const remove = (view: ContainerView) => {
    if (isUp(view)) {
      setAsked(view);
      return;
    }
    const { undo } = removeSoon(view.id);
    go('/containers');
    const close = showToast({
      title: t('removed', { name: view.name }),
      timeoutMs: undoMs,
      action: {
        label: t('undo'),
        run: () => {
          undo();
          close();
        },
      },
    });
  };
  const dialog = asked && (
    <ConfirmDialog
      title={t('common:removeRunning.title', { name: asked.name })}
      action={t('common:action.remove')}
      onConfirm={() => {
        void act(asked.id, 'remove').then((removed) => removed && go('/containers'));
      }}
      onClose={() => setAsked(undefined)}
    >
      <p>{t('common:removeRunning.text')}</p>
    </ConfirmDialog>
  );
  return { remove, dialog };
}
