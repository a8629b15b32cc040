import { ArrowRight, Plus } from 'lucide-react';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { SelectField, TextField } from '../../../ui/field.tsx';
import type { Complaint } from './check.ts';
import { ComplaintLine } from './complaint-line.tsx';
import { newKey, type PortRow } from './form.ts';
import { LinkButton, PartHeading, RemoveButton } from './labelled.tsx';

export function PortFields({
  rows,
  complaints,
  onChange,
}: {
  rows: readonly PortRow[];
  complaints: readonly Complaint[];
  onChange: (rows: PortRow[]) => void;
}) {
  const { t } = useTranslation('containers');
  const change = (key: number, part: Partial<PortRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
  const empty: PortRow = { key: newKey(), address: '', desktop: '', container: '', protocol: 'tcp' };
  return (
    <section>
      <PartHeading title={t('runDialog.ports')} hint={t('runDialog.portsHint')}>
        <LinkButton onClick={() => onChange([...rows, empty])}>
          <Plus size={12} aria-hidden />
          {t('runDialog.addPort')}
        </LinkButton>
      </PartHeading>
      {rows.map((row) => {
        const complaint = complaints.find((one) => one.at === 'port' && one.key === row.key);
        return (
          <Fragment key={row.key}>
            <div className="mb-1 grid grid-cols-[84px_14px_84px_70px_minmax(0,1fr)_24px] items-center gap-1.5">
              <TextField
                mono
                inputMode="numeric"
                aria-label={t('runDialog.desktopPort')}
                bad={complaint !== undefined}
                value={row.desktop}
                onChange={(event) => change(row.key, { desktop: event.target.value.trim() })}
              />
              <ArrowRight size={12} className="text-text-3" aria-hidden />
              <TextField
                mono
                inputMode="numeric"
                aria-label={t('runDialog.containerPort')}
                value={row.container}
                onChange={(event) => change(row.key, { container: event.target.value.trim() })}
              />
              <SelectField
                aria-label={t('runDialog.protocol')}
                value={row.protocol}
                onChange={(event) => change(row.key, { protocol: event.target.value as 'tcp' | 'udp' })}
              >
                <option>tcp</option>
                <option>udp</option>
              </SelectField>
              <span className="truncate text-meta text-text-3">{row.address}</span>
              <RemoveButton
                label={t('runDialog.removePort', { port: row.desktop || row.container })}
                onClick={() => onChange(rows.filter(({ key }) => key !== row.key))}
              />
            </div>
            <ComplaintLine
              complaint={complaint}
              onUsePort={(port) => change(row.key, { desktop: String(port) })}
            />
          </Fragment>
        );
      })}
    </section>
  );
}
