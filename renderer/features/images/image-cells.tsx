import { ChevronRight, Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from '../../router/link.tsx';
import { pathOf } from '../../router/location.ts';
import { shapeOf } from '../../stores/container-shape.ts';
import { pullTotals } from '../../stores/pull-progress.ts';
import { usePulls } from '../../stores/pulls.ts';
import { Badge } from '../../ui/badge.tsx';
import { IconButton } from '../../ui/button.tsx';
import { classNames } from '../../ui/class-names.ts';
import { formatBytes, formatShare, formatSpan } from '../../ui/format.ts';
import { StateIcon } from '../../ui/state-icon.tsx';
import type { ImageView } from './rows.ts';

export function FoldCell({
  view,
  expanded,
  onExpand,
}: {
  view: ImageView;
  expanded: boolean;
  onExpand: (expanded: boolean) => void;
}) {
  const { t } = useTranslation('images');
  return (
    <IconButton
      small
      tabIndex={-1}
      label={t(expanded ? 'hideUse' : 'showUse', { name: view.name })}
      icon={<ChevronRight size={14} className={classNames('fade', expanded && 'rotate-90')} />}
      onClick={() => onExpand(!expanded)}
    />
  );
}

export function NameCell({ view }: { view: ImageView }) {
  const pull = usePulls(({ pulls }) =>
    pulls.find((other) => other.phase === 'running' && view.references.includes(other.reference)),
  );
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <Link
        to={pathOf('images', view.reference, 'layers')}
        tabIndex={-1}
        className={classNames(
          'truncate font-medium text-text hover:text-accent-text hover:underline',
          view.untagged && 'code',
        )}
      >
        {view.name}
      </Link>
      {view.tags.slice(0, 2).map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
      {view.tags.length > 2 && <Badge>+{view.tags.length - 2}</Badge>}
      {pull && (
        <Badge tone="info">
          <Download size={11} />
          {formatShare(pullTotals(pull.progress).share)}
        </Badge>
      )}
    </span>
  );
}

/** Size with a bar against the largest image: its own part and the shared one. */
export function SizeCell({ view, largest }: { view: ImageView; largest: number }) {
  const unique = view.uniqueBytes ?? view.sizeBytes;
  const width = (bytes: number) => `${(bytes / Math.max(1, largest)) * 100}%`;
  return (
    <span className="flex items-center justify-end gap-2">
      <span
        aria-hidden="true"
        className="flex h-1 w-14 flex-none overflow-hidden rounded-full bg-idle-soft @max-[740px]:hidden"
      >
        <i className="block bg-accent-text opacity-75" style={{ width: width(unique) }} />
        <i className="block bg-line-strong opacity-60" style={{ width: width(view.sizeBytes - unique) }} />
      </span>
      <span className="tabular w-[62px] text-right whitespace-nowrap">{formatBytes(view.sizeBytes)}</span>
    </span>
  );
}

export function UsersCell({ view }: { view: ImageView }) {
  const { t } = useTranslation('images');
  const first = view.users[0];
  if (!first) return <span className="pl-3 text-small text-text-3">{t('notUsed')}</span>;
  const worst = view.users.find((user) => ['failed', 'unhealthy'].includes(user.condition)) ?? first;
  return (
    <span className="flex min-w-0 items-center gap-1.5 pl-3 text-small">
      <StateIcon shape={shapeOf[worst.condition]} />
      <span className="truncate">
        {view.users.length === 1 ? first.name : t('containers', { count: view.users.length })}
      </span>
    </span>
  );
}

export function AgeCell({ view, now }: { view: ImageView; now: number }) {
  return (
    <span className="tabular text-small whitespace-nowrap text-text-3">
      {formatSpan(now - view.createdAtMs)}
    </span>
  );
}
