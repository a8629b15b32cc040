import { ArrowRight, Plus } from 'lucide-react';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { SelectField, TextField } from '../../../ui/field.tsx';
import type { Complaint } from './check.ts';
import { ComplaintLine } from './complaint-line.tsx';
import { newKey, type VolumeRow } from './form.ts';
import { LinkButton, PartHeading, RemoveButton } from './labelled.tsx';

export function VolumeFields({
  rows,
  complaints,
  onChange,
}: {
  rows: readonly VolumeRow[];
  complaints: readonly Complaint[];
  onChange: (rows: VolumeRow[]) => void;
}) {
  const { t } = useTranslation('containers');
  const change = (key: number, part: Partial<VolumeRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
  return (
    <section>
      <PartHeading title={t('runDialog.volumes')} hint={t('runDialog.volumesHint')}>
        <LinkButton
          onClick={() => onChange([...rows, { key: newKey(), source: '', target: '', readOnly: false }])}
        >
          <Plus size={12} aria-hidden />
          {t('runDialog.addVolume')}
        </LinkButton>
      </PartHeading>
      {rows.map((row) => (
        <Fragment key={row.key}>
          <div className="mb-1 grid grid-cols-[minmax(0,1fr)_12px_minmax(0,1fr)_72px_24px] items-center gap-1">
            <TextField
              mono
              aria-label={t('runDialog.volume')}
              value={row.source}
              onChange={(event) => change(row.key, { source: event.target.value.trim() })}
            />
            <ArrowRight size={12} className="text-text-3" aria-hidden />
            <TextField
              mono
              aria-label={t('runDialog.volumePath')}
              value={row.target}
              onChange={(event) => change(row.key, { target: event.target.value.trim() })}
            />
            <SelectField
              aria-label={t('runDialog.access')}
              value={row.readOnly ? 'read' : 'write'}
              onChange={(event) => change(row.key, { readOnly: event.target.value === 'read' })}
            >
              <option value="write">{t('runDialog.write')}</option>
              <option value="read">{t('runDialog.read')}</option>
            </SelectField>
            <RemoveButton
              label={t('runDialog.removeVolume', { volume: row.source || row.target })}
              onClick={() => onChange(rows.filter(({ key }) => key !== row.key))}
            />
          </div>
          <ComplaintLine complaint={complaints.find((one) => one.at === 'volume' && one.key === row.key)} />
        </Fragment>
      ))}
    </section>
  );
}
