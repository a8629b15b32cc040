import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageLayers } from '../../../engine/api/layers.ts';
import { reclaimedBytes } from '../../stores/disk-shares.ts';
import { removeImage } from '../../stores/image-removal.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { Segmented } from '../../ui/field.tsx';
import { formatBytes } from '../../ui/format.ts';
import { showToast } from '../../ui/toast.tsx';
import type { ImageView } from './rows.ts';

type What = 'unused' | 'untagged';

/** Lists exactly what goes and how much comes back, then removes it. */
export function CleanDialog({
  views,
  layers,
  onClose,
}: {
  views: readonly ImageView[];
  layers: readonly ImageLayers[];
  onClose: () => void;
}) {
  const { t } = useTranslation(['images', 'common']);
  const [what, setWhat] = useState<What>('unused');
  const [busy, setBusy] = useState(false);
  const [failures, setFailures] = useState<unknown[]>([]);
  const unused = views.filter((view) => view.users.length === 0);
  const going = what === 'unused' ? unused : unused.filter((view) => view.untagged);
  const freed = reclaimedBytes(layers, new Set(going.map(({ id }) => id)));
  const clean = async () => {
    setBusy(true);
    const errors: unknown[] = [];
    for (const view of going) await removeImage(view).catch((error: unknown) => errors.push(error));
    setBusy(false);
    setFailures(errors);
    if (errors.length > 0) return;
    showToast({ title: t('cleaning.done', { count: going.length }) });
    onClose();
  };
  return (
    <Dialog title={t('cleaning.title')} widthPx={520} onClose={onClose}>
      <div className="flex min-h-0 flex-col gap-3 px-5 pb-4">
        <div>
          <Segmented
            label={t('cleaning.what')}
            value={what}
            options={[
              { value: 'unused', label: t('cleaning.unused') },
              { value: 'untagged', label: t('cleaning.untagged') },
            ]}
            onChange={setWhat}
          />
        </div>
        <p className="text-text-2">
          {going.length === 0 ? t('cleaning.nothing') : t('cleaning.comesBack', { size: formatBytes(freed) })}
        </p>
        {going.length > 0 && (
          <ul
            aria-label={t('cleaning.list')}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling list must be reachable by keyboard
            tabIndex={0}
            className="max-h-72 min-h-0 overflow-auto rounded-control border border-line"
          >
            {going.map((view) => (
              <li
                key={view.id}
                className="flex h-7 items-center gap-2 px-2 not-first:border-t not-first:border-line"
              >
                <span className="code min-w-0 flex-1 truncate">
                  {view.untagged ? view.name : view.references.join(', ')}
                </span>
                <span className="tabular text-text-2">{formatBytes(view.uniqueBytes ?? view.sizeBytes)}</span>
              </li>
            ))}
          </ul>
        )}
        {failures.length > 0 && (
          <ErrorFailure title={t('cleaning.failed', { count: failures.length })} error={failures[0]} />
        )}
      </div>
      <footer className="flex justify-end gap-2 border-t border-line bg-surface-2 px-5 py-3">
        <Button autoFocus onClick={onClose}>
          {t('common:cancel')}
        </Button>
        <Button look="danger" disabled={busy || going.length === 0} onClick={() => void clean()}>
          {t('cleaning.action', { count: going.length })}
        </Button>
      </footer>
    </Dialog>
  );
}
