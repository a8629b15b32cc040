import { useTranslation } from 'react-i18next';
import { shapeOf } from '../../stores/container-shape.ts';
import type { ContainerView } from '../../stores/container-state.ts';
import { useContainers } from '../../stores/containers.ts';
import { classNames } from '../../ui/class-names.ts';
import { StateIcon, toneOf, toneText } from '../../ui/state-icon.tsx';

/** States that are nothing to look at keep the neutral text colour. */
const calm = new Set(['running', 'healthy', 'exited', 'created']);

export function RowIcon({ view }: { view: ContainerView }) {
  const busy = useContainers(({ transitions }) => transitions.has(view.id));
  return (
    <span className="grid place-items-center">
      <StateIcon shape={busy ? 'busy' : shapeOf[view.condition]} />
    </span>
  );
}

export function useStateWord(): (view: ContainerView) => string {
  const { t } = useTranslation();
  return (view) =>
    view.condition === 'failed' && view.exitCode === undefined
      ? t('condition.dead')
      : t(`condition.${view.condition}`, { code: view.exitCode ?? '' });
}

/** The state's word; while something was asked for, the transition's. */
export function StateCell({ view }: { view: ContainerView }) {
  const { t } = useTranslation();
  const transition = useContainers(({ transitions }) => transitions.get(view.id));
  const word = useStateWord();
  if (transition) return <span className="truncate text-info">{t(`transition.${transition.action}`)}</span>;
  return (
    <span
      className={classNames(
        'truncate',
        calm.has(view.condition) ? 'text-text-2' : toneText[toneOf[shapeOf[view.condition]]],
      )}
    >
      {word(view)}
    </span>
  );
}
