import { Download, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TreeEntry } from '../../engine/api/layers.ts';
import { engine } from '../bridge/index.ts';
import { IconButton } from '../ui/button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { ErrorFailure } from '../ui/error-failure.tsx';
import { formatBytes } from '../ui/format.ts';
import { type FileText, fileText, previewBytes } from './file-text.ts';
import type { TreePath } from './tree-path.ts';
import type { TreeSource } from './tree-source.ts';

export interface PreviewedFile {
  path: TreePath;
  entry: TreeEntry;
}

async function read(path: string, range: string | null, signal?: AbortSignal): Promise<Uint8Array[]> {
  const response = await engine.open({
    method: 'GET',
    path,
    ...(range === null ? {} : { headers: { Range: range } }),
    ...(signal ? { signal } : {}),
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return chunks;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

async function save(path: string, name: string): Promise<void> {
  const chunks = (await read(path, null)) as Uint8Array<ArrayBuffer>[];
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(chunks));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

type Shown = 'reading' | { error: unknown } | FileText;

function useContents(source: TreeSource, { path, entry }: PreviewedFile): Shown {
  const [shown, setShown] = useState<Shown>('reading');
  useEffect(() => {
    const abort = new AbortController();
    setShown('reading');
    const range = entry.sizeBytes > previewBytes ? `bytes=0-${previewBytes - 1}` : null;
    read(source.filePath(path, entry.layer), range, abort.signal)
      .then((chunks) => setShown(fileText(joined(chunks))))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setShown({ error });
      });
    return () => abort.abort();
  }, [source, path, entry]);
  return shown;
}

const mode = (bits: number) => bits.toString(8).padStart(4, '0');

/** A file's facts and contents under the tree. */
export function FilePreview({
  source,
  file,
  onClose,
}: {
  source: TreeSource;
  file: PreviewedFile;
  onClose: () => void;
}) {
  const { t } = useTranslation(['layers', 'common']);
  const { entry, path } = file;
  const readable = (entry.type === 'file' || entry.type === 'hardlink') && entry.mark !== 'removed';
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const onSave = async () => {
    setSaving(true);
    setFailure(null);
    await save(source.filePath(path, entry.layer), entry.name.text).catch(setFailure);
    setSaving(false);
  };
  return (
    <section
      aria-label={t('file.label', { name: entry.name.text })}
      className="flex max-h-[50%] min-h-32 flex-none flex-col border-t border-line"
    >
      <header className="flex flex-none items-center gap-2 bg-surface-2 py-1 pr-2 pl-3.5 text-small">
        <span className="code min-w-0 truncate font-medium">{path.text}</span>
        <CopyButton text={path.text} what={t('file.copyPath')} iconOnly />
        <span className="flex-1" />
        {readable && (
          <IconButton
            small
            disabled={saving}
            label={saving ? t('file.downloading') : t('file.download')}
            icon={<Download size={14} />}
            onClick={() => void onSave()}
          />
        )}
        <IconButton small label={t('common:close')} icon={<X size={14} />} onClick={onClose} />
      </header>
      <p className="flex flex-none flex-wrap gap-x-3 border-b border-line bg-surface-2 px-3.5 pb-1.5 text-small text-text-3">
        <span>{t(`type.${entry.type}`)}</span>
        <span className="tabular">{formatBytes(entry.sizeBytes)}</span>
        <span className="code">{t('file.mode', { mode: mode(entry.mode) })}</span>
        <span>{t('file.owner', { uid: entry.uid, gid: entry.gid })}</span>
        {entry.linkTarget !== undefined && (
          <span className="code">{t('file.target', { target: entry.linkTarget })}</span>
        )}
        {entry.digest && <span className="code truncate">{entry.digest.slice(0, 19)}…</span>}
      </p>
      {failure !== null && (
        <div className="p-2">
          <ErrorFailure title={t('file.failed')} error={failure} />
        </div>
      )}
      {readable ? (
        <Contents source={source} file={file} />
      ) : (
        <p className="p-3.5 text-text-2">{t('file.none')}</p>
      )}
    </section>
  );
}

function Contents({ source, file }: { source: TreeSource; file: PreviewedFile }) {
  const { t } = useTranslation('layers');
  const shown = useContents(source, file);
  if (shown === 'reading') return <p className="p-3.5 text-text-3">{t('loading')}</p>;
  if ('error' in shown)
    return (
      <div className="p-2">
        <ErrorFailure title={t('file.failed')} error={shown.error} />
      </div>
    );
  if (shown.text === '') return <p className="p-3.5 text-text-2">{t('file.empty')}</p>;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {shown.binary && <p className="px-3.5 pt-2 text-small text-text-3">{t('file.binary')}</p>}
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        className="code min-h-0 flex-1 overflow-auto px-3.5 py-2 leading-[18px]"
      >
        {shown.text}
      </pre>
      {!shown.binary && file.entry.sizeBytes > previewBytes && (
        <p className="flex-none border-t border-line px-3.5 py-1 text-small text-text-3">
          {t('file.cut', { size: formatBytes(previewBytes) })}
        </p>
      )}
    </div>
  );
}
