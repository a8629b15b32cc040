import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './button.tsx';

/** How long "Copied" stays before the button offers itself again. */
const shownMs = 2000;

export const copyText = (text: string): Promise<void> => navigator.clipboard.writeText(text);

/** Copies a text and says so. `iconOnly` inside rows; `what` names the text for the label. */
export function CopyButton({
  text,
  what,
  iconOnly = false,
}: {
  text: string;
  what?: string;
  iconOnly?: boolean;
}) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void copyText(text).then(() => setCopied(true));
  const icon = copied ? <Check size={12} /> : <Copy size={12} />;
  const word = copied ? t('copied') : t('copy');
  if (iconOnly)
    return <IconButton small label={what ? `${word}: ${what}` : word} icon={icon} onClick={copy} />;
  return (
    <Button small look="quiet" onClick={copy} aria-live="polite">
      {icon}
      {word}
    </Button>
  );
}
