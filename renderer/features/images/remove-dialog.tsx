import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageLayers } from '../../../engine/api/layers.ts';
import { reclaimedBytes } from '../../stores/disk-shares.ts';
import { removeImage } from '../../stores/image-removal.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { formatBytes } from '../../ui/format.ts';
import { showToast } from '../../ui/toast.tsx';
import type { ImageView } from './rows.ts';

/** Says exactly what goes before an image is removed, and why not when the engine refuses. */
export function RemoveDialog({
  view,
  layers,
  onClose,
}: {
  view: ImageView;
  layers: readonly ImageLayers[];
  onClose: () => void;
}) {
  const { t } = useTranslation(['images', 'common']);
  const [state, setState] = useState<'asking' | 'removing' | { error: unknown }>('asking');
  const cancel = useRef<HTMLButtonElement>(null);
  const freed = reclaimedBytes(layers, new Set([view.id]));
  const remove = async () => {
    setState('removing');
    try {
      await removeImage(view);
      showToast({ title: t('removal.done', { name: view.name }) });
      onClose();
    } catch (error) {
      setState({ error });
    }
  };
  return (
    <Dialog title={t('removal.title', { name: view.name })} widthPx={460} onClose={onClose}>
      <div className="flex min-h-0 flex-col gap-2 overflow-auto px-5 pb-4 text-text-2">
        {view.references.length > 0 && (
          <>
            <p>{t('removal.tags')}</p>
            <ul className="flex flex-col gap-0.5">
              {view.references.map((reference) => (
                <li key={reference} className="code text-text">
                  {reference}
                </li>
              ))}
            </ul>
          </>
        )}
        <p>
          {freed > 0 ? t('removal.freed', { size: formatBytes(freed) }) : t('removal.nothingFreed')}
          {freed > 0 &&
            freed < view.sizeBytes &&
            ` ${t('removal.kept', { size: formatBytes(view.sizeBytes - freed) })}`}
        </p>
        {view.users.length > 0 && (
          <p className="text-warn">
            {t('removal.inUse', { names: view.users.map(({ name }) => name).join(', ') })}
          </p>
        )}
        {typeof state === 'object' && <ErrorFailure title={t('removal.refused')} error={state.error} />}
      </div>
      <footer className="flex justify-end gap-2 border-t border-line bg-surface-2 px-5 py-3">
        <Button ref={cancel} autoFocus onClick={onClose}>
          {t('common:cancel')}
        </Button>
        <Button look="danger" disabled={state === 'removing'} onClick={() => void remove()}>
          {state === 'removing' ? t('removal.removing') : t('removal.action')}
        </Button>
      </footer>
    </Dialog>
  );
}
