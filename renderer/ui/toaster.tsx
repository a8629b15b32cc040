import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';
import { StateIcon } from './state-icon.tsx';
import type { ToastMessage } from './toast.tsx';

const manager = Toast.createToastManager();

let listening = () => {};
/** A message that comes before the list is there would be lost. */
const listens = new Promise<void>((resolve) => {
  listening = resolve;
});

/** Shows a message; returns its id. */
export async function addToast(message: ToastMessage): Promise<string> {
  await listens;
  return manager.add({
    title: message.title,
    description: message.detail,
    type: message.failed ? 'failed' : 'done',
    priority: message.failed ? 'high' : 'low',
    timeout: message.timeoutMs ?? (message.failed ? 0 : 5000),
    ...(message.action
      ? { actionProps: { children: message.action.label, onClick: message.action.run } }
      : {}),
  });
}

export const closeToast = (id: string): void => manager.close(id);

function ToastList() {
  const { t } = useTranslation();
  const { toasts } = Toast.useToastManager();
  useEffect(() => listening(), []);
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="flex w-90 items-start gap-2 rounded-card border border-line bg-raised py-2.5 pr-2 pl-3 shadow-overlay [--state-cut:var(--color-raised)]"
    >
      <StateIcon shape={toast.type === 'failed' ? 'unhealthy' : 'healthy'} size={14} className="mt-[3px]" />
      <div className="min-w-0 flex-1 pt-px">
        <Toast.Title className="break-words font-medium" />
        <Toast.Description className="break-words text-small text-text-2" />
      </div>
      <Toast.Action className="h-6 flex-none rounded-control border border-line px-2 text-small font-medium hover:bg-hover" />
      <Toast.Close render={<IconButton small label={t('dismiss')} icon={<X size={14} />} />} />
    </Toast.Root>
  ));
}

export default function Toaster() {
  const { t } = useTranslation();
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport
          aria-label={t('notifications')}
          className="fixed right-4 bottom-4 z-50 flex flex-col-reverse gap-2 outline-none"
        >
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
