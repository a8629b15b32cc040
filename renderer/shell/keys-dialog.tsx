import { useTranslation } from 'react-i18next';
import { Dialog } from '../ui/dialog.tsx';
import { Keys } from '../ui/keys.tsx';

const rows = [
  ['palette', 'Mod+K'],
  ['filter', '/'],
  ['rail', 'Mod+1 … 3'],
  ['back', 'Mod+['],
  ['forward', 'Mod+]'],
  ['move', '↑ ↓'],
  ['select', 'Shift+↑ ↓'],
  ['open', 'Enter, Esc'],
  ['startStop', 'Space'],
  ['remove', '⌫'],
  ['dock', 'Ctrl+`'],
  ['region', 'F6'],
  ['all', '?'],
] as const;

export default function KeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('keys.title')} widthPx={460} onClose={onClose}>
      <dl className="min-h-0 overflow-auto px-5 pb-5">
        {rows.map(([action, keys]) => (
          <div key={action} className="flex h-8 items-center justify-between border-t border-line">
            <dt>{t(`keys.${action}`)}</dt>
            <dd>
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
