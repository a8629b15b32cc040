import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { go } from '../../router/location.ts';
import { type ContainerView, isUp } from '../../stores/container-state.ts';
import { act } from '../../stores/containers.ts';
import { removeSoon, undoMs } from '../../stores/removals.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { showToast } from '../../ui/toast.tsx';

/**
 * Removing: one stopped container can be taken back for six seconds; running ones, and several at once, are
 * asked about once, by name.
 */
export function useRemoval(openId: string | undefined): {
  remove: (views: readonly ContainerView[]) => void;
  dialog: ReactNode;
} {
  const { t } = useTranslation('containers');
  const { t: common } = useTranslation();
  const [asked, setAsked] = useState<readonly ContainerView[]>();
  const remove = (views: readonly ContainerView[]) => {
    const [only] = views;
    if (!only) return;
    if (views.length > 1 || isUp(only)) return setAsked(views);
    if (only.id === openId) go('/containers');
    const { undo } = removeSoon(only.id);
    const close = showToast({
      title: t('removed', { name: only.name }),
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
  const first = asked?.[0];
  const dialog = asked && first && (
    <ConfirmDialog
      title={
        asked.length === 1
          ? common('removeRunning.title', { name: first.name })
          : t('bulk.removeTitle', { count: asked.length })
      }
      action={common('action.remove')}
      onConfirm={() => {
        for (const view of asked)
          void act(view.id, 'remove').then((removed) => removed && view.id === openId && go('/containers'));
      }}
      onClose={() => setAsked(undefined)}
    >
      <p>{asked.length === 1 ? common('removeRunning.text') : t('bulk.removeText')}</p>
      {asked.length > 1 && (
        <ul className="mt-2 max-h-40 overflow-auto">
          {asked.map((view) => (
            <li key={view.id} className="truncate font-medium text-text">
              {view.name}
            </li>
          ))}
        </ul>
      )}
    </ConfirmDialog>
  );
  return { remove, dialog };
}
