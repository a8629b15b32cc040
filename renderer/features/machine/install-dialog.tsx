import { useTranslation } from 'react-i18next';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Dialog } from '../../ui/dialog.tsx';

const commands = [
  ['debian', 'sudo apt install qemu-system-x86 qemu-utils'],
  ['fedora', 'sudo dnf install qemu-system-x86 qemu-img'],
  ['mac', 'brew install qemu'],
] as const;

/** How QEMU is installed, by system. */
export function InstallDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('machine');
  return (
    <Dialog title={t('install.title')} onClose={onClose}>
      <div className="px-5 pb-5">
        <p className="mb-3 text-text-2">{t('install.text')}</p>
        {commands.map(([system, command]) => (
          <div key={system} className="mb-2">
            <div className="text-small font-medium text-text-2">{t(`install.${system}`)}</div>
            <div className="flex h-8 items-center gap-2 rounded-control border border-line bg-surface-2 pr-1 pl-2.5">
              <span className="code min-w-0 flex-1 truncate">{command}</span>
              <CopyButton text={command} iconOnly what={t(`install.${system}`)} />
            </div>
          </div>
        ))}
      </div>
    </Dialog>
  );
}
