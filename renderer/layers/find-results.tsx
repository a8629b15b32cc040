import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorFailure } from '../ui/error-failure.tsx';
import { type FindProgress, findPaths, parsePathQuery } from './find-paths.ts';
import { TreeGrid } from './tree-grid.tsx';
import { pathKey } from './tree-path.ts';
import type { TreeRow } from './tree-rows.ts';
import type { TreeSource } from './tree-source.ts';

const nothingFound: FindProgress = { found: [], looked: 0, finished: false, cut: false };

/** Wait for the next letter before the tree is walked. */
const typingMs = 250;

function useFind(source: TreeSource, text: string) {
  const [state, setState] = useState<{ progress: FindProgress; error: unknown }>({
    progress: nothingFound,
    error: null,
  });
  useEffect(() => {
    const abort = new AbortController();
    setState({ progress: nothingFound, error: null });
    const timer = setTimeout(async () => {
      const query = parsePathQuery(text);
      if (!query) return;
      try {
        for await (const progress of findPaths(source, query, abort.signal)) {
          if (abort.signal.aborted) return;
          setState({ progress, error: null });
        }
      } catch (error) {
        if (!abort.signal.aborted) setState((old) => ({ ...old, error }));
      }
    }, typingMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [source, text]);
  return state;
}

/** The paths that a search found, flat and largest first. */
export function FindResults({
  source,
  text,
  totalBytes,
  showLayer,
  currentKey,
  onCurrent,
  onPreview,
}: {
  source: TreeSource;
  text: string;
  totalBytes: number;
  showLayer: boolean;
  currentKey: string | undefined;
  onCurrent: (row: TreeRow) => void;
  onPreview: (row: TreeRow & { kind: 'entry' }) => void;
}) {
  const { t } = useTranslation('layers');
  const { progress, error } = useFind(source, text);
  const { found, finished, cut, looked } = progress;
  const rows = found.map(
    ({ path, entry }): TreeRow => ({
      kind: 'entry',
      key: pathKey(path),
      path,
      entry: { ...entry, name: { text: path.text } },
      level: 1,
    }),
  );
  const words = !finished
    ? t('finding', { count: looked })
    : cut
      ? t('foundCut', { count: found.length })
      : found.length === 0
        ? t('foundNone')
        : t('found', { count: found.length });
  return (
    <>
      {error !== null && (
        <div className="px-2 pb-2">
          <ErrorFailure title={t('treeFailed')} error={error} />
        </div>
      )}
      <p role="status" className="flex-none px-3 pb-1.5 text-small text-text-2">
        {words}
      </p>
      <TreeGrid
        label={t('find')}
        rows={rows}
        totalBytes={totalBytes}
        showLayer={showLayer}
        currentKey={currentKey}
        onCurrent={onCurrent}
        onExpand={() => undefined}
        onRest={() => undefined}
        onRetry={() => undefined}
        onPreview={onPreview}
      />
    </>
  );
}
