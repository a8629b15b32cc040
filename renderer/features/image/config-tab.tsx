import { useTranslation } from 'react-i18next';
import type { ImageConfig } from '../../../engine/api/images.ts';
import { CopyButton } from '../../ui/copy-button.tsx';

type Pair = [name: string, value: string];

const list = (words: readonly string[] | null | undefined) =>
  words && words.length > 0 ? JSON.stringify(words) : '';
const nanoseconds = 1e9;

function Pairs({ title, pairs, mono }: { title: string; pairs: readonly Pair[]; mono: boolean }) {
  const { t } = useTranslation('image');
  const shown = pairs.filter(([, value]) => value !== '');
  return (
    <section className="mb-4">
      <h2 className="py-1.5">{title}</h2>
      {shown.length === 0 && <p className="border-t border-line py-1 text-text-3">{t('config.none')}</p>}
      <dl>
        {shown.map(([name, value]) => (
          <div
            key={name}
            className="grid min-h-7 grid-cols-[minmax(90px,240px)_minmax(0,1fr)_auto] items-start gap-3 border-t border-line py-1"
          >
            <dt className={mono ? 'code leading-5 break-all text-text-2' : 'text-text-2'}>{name}</dt>
            <dd className="code leading-5 break-all">{value}</dd>
            <dd>
              <CopyButton iconOnly text={value} what={t('config.value', { name })} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What containers of this image inherit. */
export function ConfigTab({ config }: { config: ImageConfig }) {
  const { t } = useTranslation('image');
  const seconds = (value: number | undefined) =>
    value ? t('config.seconds', { value: value / nanoseconds }) : '';
  const env = (config.Env ?? []).map((line): Pair => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  const health = config.Healthcheck;
  return (
    <section
      aria-label={t('tabs.config')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto px-4 py-2"
    >
      <Pairs
        title={t('config.group.run')}
        mono={false}
        pairs={[
          [t('config.entrypoint'), list(config.Entrypoint)],
          [t('config.cmd'), list(config.Cmd)],
          [t('config.workdir'), config.WorkingDir || '/'],
          [t('config.user'), config.User || t('config.root')],
          [t('config.ports'), Object.keys(config.ExposedPorts ?? {}).join(', ')],
          [t('config.volumes'), Object.keys(config.Volumes ?? {}).join(', ')],
          [t('config.stopSignal'), config.StopSignal ?? ''],
          [t('config.shell'), list(config.Shell)],
        ]}
      />
      <Pairs title={t('config.group.env')} mono pairs={env} />
      <Pairs title={t('config.group.labels')} mono pairs={Object.entries(config.Labels ?? {})} />
      {health && (
        <Pairs
          title={t('config.group.health')}
          mono={false}
          pairs={[
            [t('config.test'), list(health.Test)],
            [t('config.interval'), seconds(health.Interval)],
            [t('config.timeout'), seconds(health.Timeout)],
            [t('config.retries'), health.Retries ? String(health.Retries) : ''],
          ]}
        />
      )}
    </section>
  );
}
