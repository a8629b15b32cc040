import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageInspect } from '../../../engine/api/images.ts';
import { go } from '../../router/location.ts';
import type { ContainerView } from '../../stores/container-state.ts';
import { removeImage } from '../../stores/image-removal.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { formatBytes } from '../../ui/format.ts';
import { showToast } from '../../ui/toast.tsx';

/** Says which names go and what comes back, and why not when the engine refuses. */
export function RemoveDialog({
  title,
  inspect,
  uniqueBytes,
  users,
  onClose,
}: {
  title: string;
  inspect: ImageInspect;
  uniqueBytes: number | undefined;
  users: readonly ContainerView[];
  onClose: () => void;
}) {
  const { t } = useTranslation(['image', 'common']);
  const [state, setState] = useState<'asking' | 'removing' | { error: unknown }>('asking');
  const remove = async () => {
    setState('removing');
    try {
      await removeImage({ id: inspect.Id, references: inspect.RepoTags });
      showToast({ title: t('removal.done', { name: title }) });
      onClose();
      go('/images');
    } catch (error) {
      setState({ error });
    }
  };
  return (
    <Dialog title={t('removal.title', { name: title })} widthPx={460} onClose={onClose}>
      <div className="flex min-h-0 flex-col gap-2 overflow-auto px-5 pb-4 text-text-2">
        {inspect.RepoTags.length > 0 && (
          <>
            <p>{t('removal.names')}</p>
            <ul>
              {inspect.RepoTags.map((name) => (
                <li key={name} className="code text-text">
                  {name}
                </li>
              ))}
            </ul>
          </>
        )}
        {uniqueBytes !== undefined && <p>{t('removal.freed', { size: formatBytes(uniqueBytes) })}</p>}
        {users.length > 0 && (
          <p className="text-warn">
            {t('removal.used', { names: users.map(({ name }) => name).join(', ') })}
          </p>
        )}
        {typeof state === 'object' && <ErrorFailure title={t('removal.refused')} error={state.error} />}
      </div>
      <footer className="flex justify-end gap-2 border-t border-line bg-surface-2 px-5 py-3">
        <Button autoFocus onClick={onClose}>
          {t('common:cancel')}
        </Button>
        <Button look="danger" disabled={state === 'removing'} onClick={() => void remove()}>
          {state === 'removing' ? t('removal.removing') : t('removal.action')}
        </Button>
      </footer>
    </Dialog>
  );
}
