import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { type ContainerView, isUp } from '../../stores/container-state.ts';
import { act } from '../../stores/containers.ts';
import { Button, IconButton } from '../../ui/button.tsx';

/** What can be done with several at once. */
export function BulkBar({
  views,
  onRemove,
  onClear,
}: {
  views: readonly ContainerView[];
  onRemove: () => void;
  onClear: () => void;
}) {
  const { t } = useTranslation('containers');
  const { t: common } = useTranslation();
  const up = views.filter(isUp);
  const down = views.filter((view) => !isUp(view));
  const all = (some: readonly ContainerView[], action: 'start' | 'stop') => () => {
    for (const view of some) void act(view.id, action);
  };
  return (
    <section
      aria-label={t('bulk.label')}
      className="flex flex-none items-center gap-1.5 border-t border-line bg-surface-2 py-2 pr-2 pl-4"
    >
      <span role="status" className="tabular mr-auto font-medium">
        {t('bulk.selected', { count: views.length })}
      </span>
      {down.length > 0 && (
        <Button small onClick={all(down, 'start')}>
          {common('action.start')}
        </Button>
      )}
      {up.length > 0 && (
        <Button small onClick={all(up, 'stop')}>
          {common('action.stop')}
        </Button>
      )}
      <Button small look="danger" onClick={onRemove}>
        {common('action.remove')}
      </Button>
      <IconButton small label={t('bulk.clear')} keys="Esc" icon={<X size={14} />} onClick={onClear} />
    </section>
  );
}
