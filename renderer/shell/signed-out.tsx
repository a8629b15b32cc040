import { KeyRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../ui/empty-state.tsx';

/** All that a page without a session can say. */
export function SignedOut() {
  const { t } = useTranslation();
  return (
    <main className="flex h-full flex-col">
      <EmptyState icon={<KeyRound size={28} />} title={t('lost.session')} hint={t('lost.sessionHint')} />
    </main>
  );
}
