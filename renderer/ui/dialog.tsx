import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './button.tsx';

const backdrop = 'fixed inset-0 z-30 bg-scrim';
const popup =
  'fixed top-1/2 left-1/2 z-30 flex max-h-[calc(100%-32px)] max-w-[calc(100%-32px)] -translate-x-1/2 -translate-y-1/2 flex-col overflow-hidden rounded-dialog border border-line bg-raised shadow-dialog outline-none [--state-cut:var(--color-raised)]';

/** A dialog with a title and a close button; the content brings its own footer. */
export function Dialog({
  title,
  widthPx = 560,
  onClose,
  children,
}: {
  title: string;
  widthPx?: number;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup className={popup} style={{ width: widthPx }}>
          <header className="flex flex-none items-center gap-2 py-3 pr-3 pl-5">
            <Base.Title className="min-w-0 flex-1 truncate text-dialog">{title}</Base.Title>
            <Base.Close render={<IconButton label={t('close')} keys="Esc" icon={<X size={16} />} />} />
          </header>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Asks once before something is lost. Focus starts on Cancel. */
export function ConfirmDialog({
  title,
  action,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  /** The verb on the button, such as "Remove". */
  action: string;
  onConfirm: () => void;
  onClose: () => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={backdrop} />
        <AlertDialog.Popup className={popup} style={{ width: 440 }} initialFocus={cancel}>
          <AlertDialog.Title className="px-5 pt-4 text-title">{title}</AlertDialog.Title>
          <div className="min-h-0 overflow-auto px-5 pt-2 pb-4 text-text-2">{children}</div>
          <footer className="flex justify-end gap-2 border-t border-line bg-surface-2 px-5 py-3">
            <AlertDialog.Close render={<Button ref={cancel}>{t('cancel')}</Button>} />
            <Button
              look="danger"
              onClick={() => {
                onConfirm();
                onClose();
              }}
            >
              {action}
            </Button>
          </footer>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
