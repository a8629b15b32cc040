import { ChevronLeft, Ellipsis, Play, Plus, Trash2 } from 'lucide-react';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageInspect } from '../../../engine/api/images.ts';
import { Link } from '../../router/link.tsx';
import { go, pathOf } from '../../router/location.ts';
import type { ContainerView } from '../../stores/container-state.ts';
import { imageReference, imageTitle, shortId } from '../../stores/image-names.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { formatSpan } from '../../ui/format.ts';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { useNow } from '../../ui/use-now.ts';
import { RemoveDialog } from './remove-dialog.tsx';
import { TagDialog } from './tag-dialog.tsx';

const Dot = () => <span aria-hidden="true" className="size-[3px] flex-none rounded-full bg-line-strong" />;
const shownUsers = 3;

function Users({ users }: { users: readonly ContainerView[] }) {
  const { t } = useTranslation('image');
  if (users.length === 0) return null;
  return (
    <>
      <Dot />
      <span className="truncate">
        {t('usedBy')}{' '}
        {users.slice(0, shownUsers).map((user, index) => (
          <Fragment key={user.id}>
            {index > 0 && ', '}
            <Link to={pathOf('containers', user.id)} className="underline">
              {user.name}
            </Link>
          </Fragment>
        ))}
        {users.length > shownUsers && ` +${users.length - shownUsers}`}
      </span>
    </>
  );
}

/** Name, tags and actions of an image, and a line of facts below. */
export function ImageHeader({
  inspect,
  uniqueBytes,
  users,
}: {
  inspect: ImageInspect;
  uniqueBytes: number | undefined;
  users: readonly ContainerView[];
}) {
  const { t } = useTranslation('image');
  const [dialog, setDialog] = useState<'tag' | 'remove'>();
  const now = useNow(30_000);
  const title = imageTitle(inspect);
  const created = Date.parse(inspect.Created);
  return (
    <header className="flex-none">
      <div className="flex items-center gap-2 pt-2.5 pr-3 pb-1 pl-2">
        <IconButton small label={t('back')} icon={<ChevronLeft size={16} />} onClick={() => go('/images')} />
        <h1 className="min-w-0 truncate text-title tracking-[-0.01em]">{title.name}</h1>
        {title.tags.slice(0, 4).map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
        <IconButton small label={t('addTag')} icon={<Plus size={13} />} onClick={() => setDialog('tag')} />
        <span className="flex-1" />
        <Button
          look="primary"
          onClick={() => go(`/containers?run=${encodeURIComponent(imageReference(inspect))}`)}
        >
          <Play size={14} />
          {t('run')}
        </Button>
        <Menu trigger={<IconButton label={t('more', { name: title.name })} icon={<Ellipsis size={16} />} />}>
          <MenuItem icon={<Plus size={14} />} onSelect={() => setDialog('tag')}>
            {t('addTag')}
          </MenuItem>
          <MenuItem icon={<Trash2 size={14} />} danger onSelect={() => setDialog('remove')}>
            {t('remove')}
          </MenuItem>
        </Menu>
      </div>
      <div className="flex min-w-0 items-center gap-2 overflow-hidden pr-4 pb-1 pl-4 text-small whitespace-nowrap text-text-2">
        <span className="code text-text-3">{shortId(inspect.Id)}</span>
        <span className="-mx-1.5">
          <CopyButton text={inspect.Id} what={t('idName')} iconOnly />
        </span>
        <Dot />
        <span>
          {inspect.Os}/{inspect.Architecture}
          {inspect.Variant ? `/${inspect.Variant}` : ''}
        </span>
        {Number.isFinite(created) && created > 0 && (
          <>
            <Dot />
            <span>{t('created', { duration: formatSpan(now - created) })}</span>
          </>
        )}
        <Users users={users} />
      </div>
      {dialog === 'tag' && <TagDialog id={inspect.Id} onClose={() => setDialog(undefined)} />}
      {dialog === 'remove' && (
        <RemoveDialog
          title={title.name}
          inspect={inspect}
          uniqueBytes={uniqueBytes}
          users={users}
          onClose={() => setDialog(undefined)}
        />
      )}
    </header>
  );
}
