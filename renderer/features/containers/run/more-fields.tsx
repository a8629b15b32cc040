import { ChevronDown, ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SelectField, TextField } from '../../../ui/field.tsx';
import type { Complaint } from './check.ts';
import { ComplaintLine } from './complaint-line.tsx';
import type { RunForm } from './form.ts';
import { Labelled } from './labelled.tsx';

type Part = 'limits' | 'network' | 'restart' | 'advanced';
interface FieldsProps {
  form: RunForm;
  complaints: readonly Complaint[];
  onChange: (part: Partial<RunForm>) => void;
}

function Limits({ form, complaints, onChange }: FieldsProps) {
  const { t } = useTranslation('containers');
  const memory = complaints.find(({ at }) => at === 'memory');
  const cpus = complaints.find(({ at }) => at === 'cpus');
  return (
    <div className="grid grid-cols-2 gap-x-6">
      <Labelled label={t('runDialog.memory')}>
        <TextField
          mono
          bad={memory !== undefined}
          placeholder={t('runDialog.memoryHint')}
          value={form.memory}
          onChange={(event) => onChange({ memory: event.target.value.trim() })}
        />
        <ComplaintLine complaint={memory} />
      </Labelled>
      <Labelled label={t('runDialog.cpus')}>
        <TextField
          mono
          bad={cpus !== undefined}
          placeholder={t('runDialog.cpusHint')}
          value={form.cpus}
          onChange={(event) => onChange({ cpus: event.target.value.trim() })}
        />
        <ComplaintLine complaint={cpus} />
      </Labelled>
    </div>
  );
}

function Network({ form, onChange }: FieldsProps) {
  const { t } = useTranslation('containers');
  const names = ['', 'host', 'none'];
  const known = names.includes(form.network) ? names : [...names, form.network];
  return (
    <Labelled label={t('runDialog.network')}>
      <SelectField
        className="w-64"
        value={form.network}
        onChange={(event) => onChange({ network: event.target.value })}
      >
        {known.map((name) => (
          <option key={name} value={name}>
            {name || 'bridge'}
          </option>
        ))}
      </SelectField>
    </Labelled>
  );
}

function Restart({ form, onChange }: FieldsProps) {
  const { t } = useTranslation('containers');
  return (
    <Labelled label={t('runDialog.restart')}>
      <SelectField
        className="w-64"
        value={form.restart}
        onChange={(event) => onChange({ restart: event.target.value as RunForm['restart'] })}
      >
        <option value="">{t('runDialog.restartNo')}</option>
        {['always', 'unless-stopped', 'on-failure'].map((policy) => (
          <option key={policy}>{policy}</option>
        ))}
      </SelectField>
    </Labelled>
  );
}

function Advanced({ form, onChange }: FieldsProps) {
  const { t } = useTranslation('containers');
  return (
    <div className="grid grid-cols-2 gap-x-6 gap-y-2">
      {(['command', 'entrypoint', 'workdir', 'user', 'hostname'] as const).map((field) => (
        <Labelled key={field} label={t(`runDialog.${field}`)}>
          <TextField
            mono
            {...(field === 'command' ? { placeholder: t('runDialog.commandHint') } : {})}
            value={form[field]}
            onChange={(event) => onChange({ [field]: event.target.value })}
          />
        </Labelled>
      ))}
      <div className="flex flex-col gap-1 pt-1">
        {(['tty', 'interactive', 'autoRemove'] as const).map((field) => (
          <label key={field} className="flex min-h-6 items-center gap-2 text-small">
            <input
              type="checkbox"
              className="size-4 accent-accent"
              checked={form[field]}
              onChange={(event) => onChange({ [field]: event.target.checked })}
            />
            {t(`runDialog.${field}`)}
          </label>
        ))}
      </div>
      {form.more.length > 0 && (
        <p className="code col-span-2 text-text-2">
          {form.more.map(({ flag, value }) => `${flag} ${value}`.trim()).join('  ')}
        </p>
      )}
    </div>
  );
}

function useSummaries(form: RunForm): Record<Part, string> {
  const { t } = useTranslation('containers');
  const changed = [form.command, form.entrypoint, form.workdir, form.user, form.hostname].filter(Boolean);
  const flags = [form.tty && '-t', form.interactive && '-i', form.autoRemove && '--rm'];
  const more = form.more.map(({ flag }) => flag);
  const list = (...parts: (string | false)[]) => parts.filter(Boolean).join(', ');
  return {
    limits: list(form.memory, form.cpus && `${form.cpus} CPU`) || t('runDialog.unlimited'),
    network: form.network || 'bridge',
    restart: form.restart || t('runDialog.restartNo'),
    advanced: list(...changed, ...flags, ...more) || t('runDialog.none'),
  };
}

const parts: Record<Part, (props: FieldsProps) => ReactNode> = {
  limits: Limits,
  network: Network,
  restart: Restart,
  advanced: Advanced,
};

/** The rarer fields behind four folds, each saying what it holds; one is open at a time. */
export function MoreFields(props: FieldsProps) {
  const { t } = useTranslation('containers');
  const [open, setOpen] = useState<Part>();
  const summaries = useSummaries(props.form);
  const Open = open && parts[open];
  return (
    <div className="flex-none border-y border-line">
      <div className="grid grid-cols-4">
        {(Object.keys(parts) as Part[]).map((part) => (
          <button
            key={part}
            type="button"
            aria-expanded={part === open}
            onClick={() => setOpen(part === open ? undefined : part)}
            className="flex h-9 min-w-0 items-center gap-2 border-line px-3 text-small first:pl-5 hover:bg-hover not-first:border-l"
          >
            {part === open ? <ChevronDown size={12} aria-hidden /> : <ChevronRight size={12} aria-hidden />}
            <span className="flex-none font-medium">{t(`runDialog.${part}`)}</span>
            <span className="truncate text-text-3">{summaries[part]}</span>
          </button>
        ))}
      </div>
      {Open && (
        <div className="border-t border-line px-5 py-3">
          <Open {...props} />
        </div>
      )}
    </div>
  );
}
