import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { engine } from '../../bridge/index.ts';
import { refetchImages } from '../../stores/images.ts';
import { joinReference, splitReference } from '../../stores/pull-progress.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { TextField } from '../../ui/field.tsx';
import { showToast } from '../../ui/toast.tsx';

const form = /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/;

/** Gives an image one more name. */
export function TagDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation(['image', 'common']);
  const field = useId();
  const [text, setText] = useState('');
  const [state, setState] = useState<'typing' | 'bad' | { error: unknown }>('typing');
  const submit = async () => {
    const { fromImage, tag } = splitReference(text);
    if (!form.test(fromImage) || tag.includes(':')) return setState('bad');
    try {
      await engine.images.tag(id, fromImage, tag);
      await refetchImages();
      showToast({ title: t('tagDialog.done', { name: joinReference({ fromImage, tag }) }) });
      onClose();
    } catch (error) {
      setState({ error });
    }
  };
  return (
    <Dialog title={t('tagDialog.title')} widthPx={440} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="flex flex-col gap-1 px-5 pb-4">
          <label htmlFor={field} className="text-small text-text-2">
            {t('tagDialog.label')}
          </label>
          <TextField
            id={field}
            mono
            autoFocus
            value={text}
            bad={state === 'bad'}
            aria-describedby={`${field}-hint`}
            onChange={(event) => {
              setText(event.target.value);
              setState('typing');
            }}
          />
          <p
            id={`${field}-hint`}
            className={state === 'bad' ? 'text-small text-err' : 'text-small text-text-3'}
          >
            {state === 'bad' ? t('tagDialog.bad') : t('tagDialog.hint')}
          </p>
          {typeof state === 'object' && <ErrorFailure title={t('tagDialog.failed')} error={state.error} />}
        </div>
        <footer className="flex justify-end gap-2 border-t border-line bg-surface-2 px-5 py-3">
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button look="primary" type="submit" disabled={text.trim() === ''}>
            {t('tagDialog.add')}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
