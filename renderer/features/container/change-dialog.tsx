import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContainerInspect } from '../../../engine/api/containers.ts';
import type { UpdateRequest } from '../../../engine/api/stats.ts';
import { engine } from '../../bridge/index.ts';
import { refetchContainers } from '../../stores/containers.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorFailure } from '../../ui/error-failure.tsx';
import { TextField } from '../../ui/field.tsx';

interface FieldProps {
  label: string;
  value: string;
  bad: boolean;
  hint: string;
  first?: boolean;
  onChange: (value: string) => void;
}

function Field({ label, value, bad, hint, first = false, onChange }: FieldProps) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-small text-text-2">
        {label}
      </label>
      <TextField
        id={id}
        mono
        autoFocus={first}
        bad={bad}
        value={value}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value.trim())}
      />
      <p id={`${id}-hint`} className={bad ? 'text-small text-err' : 'text-small text-text-3'}>
        {hint}
      </p>
    </div>
  );
}

/** A small form whose change the engine makes at once, with the command that does the same. */
function ChangeForm({
  title,
  command,
  bad,
  children,
  onApply,
  onClose,
}: {
  title: string;
  command: string;
  bad: boolean;
  children: React.ReactNode;
  onApply: () => Promise<void>;
  onClose: () => void;
}) {
  const { t } = useTranslation(['container', 'common']);
  const [error, setError] = useState<unknown>();
  const apply = async () => {
    if (bad) return;
    try {
      await onApply();
      await refetchContainers();
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={title} widthPx={460} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void apply();
        }}
      >
        <div className="flex flex-col gap-3 px-5 pb-4">
          {children}
          {error !== undefined && <ErrorFailure title={t('change.refused')} error={error} />}
          <span className="code flex h-7 items-center rounded-control border border-line bg-surface-2 pr-1 pl-2.5">
            <span className="min-w-0 flex-1 truncate">{command}</span>
            <CopyButton text={command} iconOnly what={t('change.command')} />
          </span>
        </div>
        <footer className="flex justify-end gap-2 border-t border-line bg-surface-2 px-5 py-3">
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button look="primary" type="submit" {...(bad ? { 'aria-disabled': true } : {})}>
            {t('change.apply')}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

const nameForm = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Gives a container another name. */
export function RenameDialog({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const { t } = useTranslation('container');
  const [text, setText] = useState(name);
  const bad = !nameForm.test(text);
  return (
    <ChangeForm
      title={t('change.rename', { name })}
      command={`docker rename ${name} ${text}`}
      bad={bad}
      onApply={() => engine.containers.rename(id, text)}
      onClose={onClose}
    >
      <Field
        first
        label={t('change.name')}
        value={text}
        bad={bad}
        hint={t('change.nameHint')}
        onChange={setText}
      />
    </ChangeForm>
  );
}

const mebibyte = 1024 ** 2;
const leastMebibytes = 6;

/** Changes the limits of a container; a running one has them at once. */
export function LimitsDialog({
  inspect,
  name,
  onClose,
}: {
  inspect: ContainerInspect;
  name: string;
  onClose: () => void;
}) {
  const { t } = useTranslation('container');
  const memory = inspect.HostConfig.Memory ?? 0;
  const nanoCpus = inspect.HostConfig.NanoCpus ?? 0;
  const [megabytes, setMegabytes] = useState(memory > 0 ? String(Math.round(memory / mebibyte)) : '');
  const [cpus, setCpus] = useState(nanoCpus > 0 ? String(nanoCpus / 1e9) : '');
  const badMemory = megabytes !== '' && !(/^\d+$/.test(megabytes) && Number(megabytes) >= leastMebibytes);
  const badCpus = cpus !== '' && !(Number(cpus) > 0);
  const request: UpdateRequest = {
    ...(megabytes === ''
      ? {}
      : { Memory: Number(megabytes) * mebibyte, MemorySwap: Number(megabytes) * mebibyte * 2 }),
    ...(cpus === '' ? {} : { NanoCpus: Math.round(Number(cpus) * 1e9) }),
  };
  const flags = [
    megabytes && `-m ${megabytes}m --memory-swap ${Number(megabytes) * 2}m`,
    cpus && `--cpus ${cpus}`,
  ].filter(Boolean);
  return (
    <ChangeForm
      title={t('change.limits', { name })}
      command={['docker update', ...flags, name].join(' ')}
      bad={badMemory || badCpus || flags.length === 0}
      onApply={() => engine.containers.update(inspect.Id, request)}
      onClose={onClose}
    >
      <Field
        first
        label={t('change.memory')}
        value={megabytes}
        bad={badMemory}
        hint={t('change.memoryHint')}
        onChange={setMegabytes}
      />
      <Field
        label={t('change.cpus')}
        value={cpus}
        bad={badCpus}
        hint={t('change.cpusHint')}
        onChange={setCpus}
      />
    </ChangeForm>
  );
}
