import { Eye, EyeOff, Plus } from 'lucide-react';
import { type ClipboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../../ui/button.tsx';
import { TextField } from '../../../ui/field.tsx';
import { type EnvRow, isSecret, newKey, parseEnvLines } from './form.ts';
import { LinkButton, PartHeading, RemoveButton } from './labelled.tsx';

function EnvFieldRow({
  row,
  onChange,
  onRemove,
  onPaste,
}: {
  row: EnvRow;
  onChange: (part: Partial<EnvRow>) => void;
  onRemove: () => void;
  onPaste: (event: ClipboardEvent) => void;
}) {
  const { t } = useTranslation('containers');
  const [shown, setShown] = useState(false);
  const secret = isSecret(row.name);
  return (
    <div className="mb-1 grid grid-cols-[minmax(0,0.84fr)_minmax(0,1fr)_24px] items-center gap-1.5">
      <TextField
        mono
        aria-label={t('runDialog.variable')}
        value={row.name}
        onPaste={onPaste}
        onChange={(event) => onChange({ name: event.target.value.trim() })}
      />
      <span className="relative">
        <TextField
          mono
          aria-label={t('runDialog.value')}
          placeholder={t('runDialog.valueHint')}
          type={secret && !shown ? 'password' : 'text'}
          className={secret ? 'pr-7' : ''}
          value={row.value}
          onPaste={onPaste}
          onChange={(event) => onChange({ value: event.target.value })}
        />
        {secret && (
          <span className="absolute top-0.5 right-0.5">
            <IconButton
              small
              label={t(shown ? 'runDialog.hide' : 'runDialog.show', { name: row.name })}
              icon={shown ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
              onClick={() => setShown(!shown)}
            />
          </span>
        )}
      </span>
      <RemoveButton label={t('runDialog.removeVariable', { name: row.name })} onClick={onRemove} />
    </div>
  );
}

/** Variables; several lines pasted into any field become rows of their own. */
export function EnvFields({
  rows,
  onChange,
}: {
  rows: readonly EnvRow[];
  onChange: (rows: EnvRow[]) => void;
}) {
  const { t } = useTranslation('containers');
  const pasteInto = (key: number) => (event: ClipboardEvent) => {
    const text = event.clipboardData.getData('text');
    const lines = parseEnvLines(text);
    if (lines.length === 0 || (lines.length === 1 && !text.includes('\n') && !/^\w+=/.test(text))) return;
    event.preventDefault();
    const kept = rows.filter((row) => row.key !== key || row.name !== '' || row.value !== '');
    onChange([...kept, ...lines.map((line) => ({ key: newKey(), ...line }))]);
  };
  return (
    <section>
      <PartHeading
        title={t('runDialog.environment')}
        {...(rows.length > 0 ? { hint: t('runDialog.variables', { count: rows.length }) } : {})}
      >
        <LinkButton onClick={() => onChange([...rows, { key: newKey(), name: '', value: '' }])}>
          <Plus size={12} aria-hidden />
          {t('runDialog.addVariable')}
        </LinkButton>
      </PartHeading>
      {rows.map((row) => (
        <EnvFieldRow
          key={row.key}
          row={row}
          onChange={(part) =>
            onChange(rows.map((other) => (other.key === row.key ? { ...other, ...part } : other)))
          }
          onRemove={() => onChange(rows.filter(({ key }) => key !== row.key))}
          onPaste={pasteInto(row.key)}
        />
      ))}
    </section>
  );
}
