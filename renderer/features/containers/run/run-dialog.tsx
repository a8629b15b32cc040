import { Undo2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { go, pathOf } from '../../../router/location.ts';
import { useContainers } from '../../../stores/containers.ts';
import { CopyButton } from '../../../ui/copy-button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { ErrorFailure } from '../../../ui/error-failure.tsx';
import { TextField } from '../../../ui/field.tsx';
import { hasMod } from '../../../ui/keys.tsx';
import { checkForm, suggestPort } from './check.ts';
import { ComplaintLine } from './complaint-line.tsx';
import { EnvFields } from './env-fields.tsx';
import { emptyForm, newKey, type RunForm } from './form.ts';
import { ImageField } from './image-field.tsx';
import { LinkButton } from './labelled.tsx';
import { MoreFields } from './more-fields.tsx';
import { type Pasted, parseRun } from './paste.ts';
import { PortFields } from './port-fields.tsx';
import { commandOf } from './request.ts';
import { type RunStep, runContainer } from './run-container.ts';
import { RunFooter } from './run-footer.tsx';
import { useImage } from './use-image.ts';
import { VolumeFields } from './volume-fields.tsx';

/** The ports that the image exposes, offered once for each image while no port was touched. */
function useSuggestedPorts(form: RunForm, change: (part: Partial<RunForm>) => void): boolean {
  const image = useImage(form.image);
  const offered = useRef<string>(undefined);
  useEffect(() => {
    if (!image || offered.current === image.Id) return;
    offered.current = image.Id;
    const exposed = Object.keys(image.Config.ExposedPorts ?? {}).flatMap((port) => {
      const [container = '', protocol] = port.split('/');
      return protocol === 'tcp' ? [container] : [];
    });
    if (form.ports.length > 0 || exposed.length === 0) return;
    const containers = [...useContainers.getState().byId.values()];
    change({
      ports: exposed.map((container) => ({
        key: newKey(),
        address: '',
        desktop: String(suggestPort(Number(container), containers)),
        container,
        protocol: 'tcp',
      })),
    });
  }, [image, form.ports.length, change]);
  return image !== undefined;
}

function PastedBox({ pasted, line, onUndo }: { pasted: Pasted; line: string; onUndo: () => void }) {
  const { t } = useTranslation('containers');
  return (
    <div className="mx-5 mb-1 rounded-[8px] border border-line bg-surface-2 px-3 py-2 text-small">
      <div className="flex items-center gap-2">
        <p className="min-w-0 flex-1">
          {t('runDialog.filled', { count: pasted.read })}{' '}
          {pasted.leftOut.length > 0 && (
            <span className="text-warn">
              {t('runDialog.leftOut', { options: pasted.leftOut.join(', ') })}
            </span>
          )}
        </p>
        <LinkButton onClick={onUndo}>
          <Undo2 size={12} aria-hidden />
          {t('runDialog.undo')}
        </LinkButton>
      </div>
      <p className="code mt-0.5 max-h-[51px] overflow-auto break-words leading-[17px] text-text-2">{line}</p>
    </div>
  );
}

/** Runs a container: an image or a pasted line, what it needs, and the command that does the same. */
export default function RunDialog({ image, onClose }: { image: string; onClose: () => void }) {
  const { t } = useTranslation('containers');
  const [form, setForm] = useState(() => emptyForm(image));
  const [pasted, setPasted] = useState<{ line: string; result: Pasted; before: RunForm }>();
  const [step, setStep] = useState<RunStep>();
  const [error, setError] = useState<unknown>();
  const [tried, setTried] = useState(false);
  const running = useRef<AbortController>(undefined);
  const byId = useContainers((state) => state.byId);
  const change = useRef((part: Partial<RunForm>) => setForm((before) => ({ ...before, ...part }))).current;
  const here = useSuggestedPorts(form, change);
  const found = checkForm(form, [...byId.values()]);
  // An empty field is no mistake before Run was tried.
  const complaints = found.filter(({ kind }) => tried || kind !== 'imageMissing').filter(filled(form, tried));
  useEffect(() => () => running.current?.abort(), []);

  const takeLine = (line: string) => {
    const result = parseRun(line);
    setPasted({ line, result, before: form });
    setForm(result.form);
  };
  const run = async () => {
    setTried(true);
    if (found.length > 0 || running.current) return;
    const controller = new AbortController();
    running.current = controller;
    setError(undefined);
    try {
      const id = await runContainer(form, setStep, controller.signal);
      go(pathOf('containers', id, 'logs'));
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    } finally {
      running.current = undefined;
      setStep(undefined);
    }
  };
  const command = commandOf(form);
  return (
    <Dialog title={t('runDialog.title')} widthPx={944} onClose={onClose}>
      <form
        className="flex min-h-0 flex-1 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && hasMod(event)) {
            event.preventDefault();
            void run();
          }
          // Enter in a field would run what is half typed.
          if (event.key === 'Enter' && event.target instanceof HTMLInputElement) event.preventDefault();
        }}
      >
        <div className="min-h-0 flex-1 overflow-y-auto">
          {pasted && (
            <PastedBox
              pasted={pasted.result}
              line={pasted.line}
              onUndo={() => {
                setForm(pasted.before);
                setPasted(undefined);
              }}
            />
          )}
          <div className="grid grid-cols-1 gap-x-6 px-5 pt-1 pb-3 min-[760px]:grid-cols-2">
            <div className="flex flex-col gap-1.5">
              <ImageField
                value={form.image}
                here={here}
                bad={complaints.some(({ at }) => at === 'image')}
                onChange={(image) => change({ image })}
                onPasteRun={takeLine}
              />
              <ComplaintLine complaint={complaints.find(({ at }) => at === 'image')} />
              <PortFields rows={form.ports} complaints={complaints} onChange={(ports) => change({ ports })} />
              <VolumeFields
                rows={form.volumes}
                complaints={complaints}
                onChange={(volumes) => change({ volumes })}
              />
            </div>
            <div className="flex flex-col gap-1.5">
              {/* biome-ignore lint/a11y/noLabelWithoutControl: the field is inside */}
              <label className="flex flex-col text-small font-medium text-text-2">
                <span className="leading-6">{t('runDialog.name')}</span>
                <TextField
                  mono
                  placeholder={t('runDialog.nameAuto')}
                  bad={complaints.some(({ at }) => at === 'name')}
                  value={form.name}
                  onChange={(event) => change({ name: event.target.value.trim() })}
                />
              </label>
              <ComplaintLine complaint={complaints.find(({ at }) => at === 'name')} />
              <EnvFields rows={form.env} onChange={(env) => change({ env })} />
            </div>
          </div>
          <MoreFields form={form} complaints={complaints} onChange={change} />
          <div className="bg-surface-2 px-5 pt-1.5 pb-2.5">
            <div className="flex items-center justify-between">
              <span className="text-small font-medium text-text-2">{t('runDialog.equivalent')}</span>
              <CopyButton text={command} />
            </div>
            <p className="code break-words leading-[18px]">{command}</p>
          </div>
          {error !== undefined && (
            <div className="px-5 py-3">
              <ErrorFailure error={error} />
            </div>
          )}
        </div>
        <RunFooter step={step} complaints={complaints.length} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

/** Rows that are still empty are no mistake before Run was tried. */
function filled(form: RunForm, tried: boolean) {
  const emptyKeys = new Set(
    [
      ...form.ports.filter(({ desktop, container }) => desktop === '' || container === ''),
      ...form.volumes.filter(({ target }) => target === ''),
    ].map(({ key }) => key),
  );
  return (complaint: { kind: string; key?: number }) =>
    tried || complaint.kind === 'desktopPath' || complaint.key === undefined || !emptyKeys.has(complaint.key);
}
