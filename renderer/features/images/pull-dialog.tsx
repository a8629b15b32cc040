import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { joinReference, splitReference } from '../../stores/pull-progress.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';

/** What a registry accepts as a name; the engine has the last word. */
const nameForm = /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/;

/** Asks which image to pull. */
export function PullDialog({ onPull, onClose }: { onPull: (text: string) => void; onClose: () => void }) {
  const { t } = useTranslation(['images', 'common']);
  const [text, setText] = useState('');
  const [bad, setBad] = useState(false);
  const field = useId();
  const input = useRef<HTMLInputElement>(null);
  const reference = splitReference(text);
  const submit = () => {
    if (!nameForm.test(reference.fromImage)) {
      setBad(true);
      input.current?.focus();
      return;
    }
    onPull(text);
  };
  return (
    <Dialog title={t('pullDialog.title')} widthPx={480} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="flex flex-col gap-1 px-5 pb-4">
          <label htmlFor={field} className="text-small text-text-2">
            {t('pullDialog.image')}
          </label>
          <TextField
            id={field}
            ref={input}
            mono
            autoFocus
            value={text}
            bad={bad}
            aria-describedby={`${field}-hint`}
            onChange={(event) => {
              setText(event.target.value);
              setBad(false);
            }}
          />
          <p
            id={`${field}-hint`}
            role={bad ? 'alert' : undefined}
            className={bad ? 'text-small text-err' : 'text-small text-text-3'}
          >
            {bad ? t('pullDialog.bad') : t('pullDialog.hint')}
          </p>
          <p className="code mt-1 truncate text-text-2">
            {text.trim() === '' ? ' ' : `docker pull ${joinReference(reference)}`}
          </p>
        </div>
        <footer className="flex justify-end gap-2 border-t border-line bg-surface-2 px-5 py-3">
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button look="primary" type="submit" disabled={text.trim() === ''}>
            {t('pullDialog.start')}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
