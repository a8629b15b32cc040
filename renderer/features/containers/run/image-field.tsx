import { Layers } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useImages } from '../../../stores/images.ts';
import { Badge } from '../../../ui/badge.tsx';
import { TextField } from '../../../ui/field.tsx';
import { StateIcon } from '../../../ui/state-icon.tsx';
import { looksLikeRun } from './paste.ts';

/** The image's name, completed from those on this machine; a pasted `docker run` line fills the whole form. */
export function ImageField({
  value,
  here,
  bad,
  onChange,
  onPasteRun,
}: {
  value: string;
  here: boolean;
  bad: boolean;
  onChange: (image: string) => void;
  onPasteRun: (line: string) => void;
}) {
  const { t } = useTranslation('containers');
  const listId = useId();
  const images = useImages((state) => state.images);
  const take = (text: string) => (looksLikeRun(text) ? onPasteRun(text) : onChange(text.trim()));
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field is inside
    <label className="flex flex-col text-small font-medium text-text-2">
      <span className="leading-6">{t('runDialog.image')}</span>
      <span className="relative block">
        <Layers size={14} className="absolute top-[7px] left-2 text-text-3" aria-hidden />
        <TextField
          mono
          autoFocus
          bad={bad}
          list={listId}
          className="pr-32 pl-7 [&::-webkit-calendar-picker-indicator]:hidden!"
          placeholder={t('runDialog.paste')}
          value={value}
          onPaste={(event) => {
            const text = event.clipboardData.getData('text');
            if (!looksLikeRun(text)) return;
            // A field of one line would join continued lines without their breaks.
            event.preventDefault();
            onPasteRun(text);
          }}
          onChange={(event) => take(event.target.value)}
        />
        {value !== '' && (
          <span className="absolute top-1 right-2 bg-surface pl-1">
            <Badge large tone={here ? 'ok' : 'idle'}>
              <StateIcon shape={here ? 'healthy' : 'created'} size={10} />
              {t(here ? 'runDialog.onMachine' : 'runDialog.willPull')}
            </Badge>
          </span>
        )}
      </span>
      <datalist id={listId}>
        {images
          .flatMap((image) => image.RepoTags ?? [])
          .map((tag) => (
            <option key={tag} value={tag} />
          ))}
      </datalist>
    </label>
  );
}
