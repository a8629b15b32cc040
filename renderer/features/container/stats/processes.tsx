import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TopResponse } from '../../../../engine/api/containers.ts';
import { engine } from '../../../bridge/index.ts';
import { ErrorFailure } from '../../../ui/error-failure.tsx';

/** How often the processes are read while somebody looks. */
const everyMs = 3000;
const indentPx = 14;

interface Process {
  pid: string;
  depth: number;
  cells: string[];
}

/** Parents before their children, each as deep as its ancestors in the container are many. */
export function processTree({ Titles, Processes }: TopResponse): Process[] {
  const pidAt = Titles.indexOf('PID');
  const parentAt = Titles.indexOf('PPID');
  const pids = new Set(Processes.map((cells) => cells[pidAt]));
  const below = (parent: string | undefined, depth: number): Process[] =>
    Processes.filter((cells) =>
      parent === undefined
        ? !pids.has(cells[parentAt])
        : cells[parentAt] === parent && cells[pidAt] !== parent,
    ).flatMap((cells) => [
      { pid: cells[pidAt] ?? '', depth, cells },
      ...below(cells[pidAt] ?? '', depth + 1),
    ]);
  return below(undefined, 0);
}

function useProcesses(containerId: string) {
  const [state, setState] = useState<{ top: TopResponse | undefined; error: unknown }>({
    top: undefined,
    error: undefined,
  });
  useEffect(() => {
    const abort = new AbortController();
    const read = async () => {
      if (document.visibilityState === 'hidden') return;
      try {
        setState({
          top: await engine.containers.top(containerId, { signal: abort.signal }),
          error: undefined,
        });
      } catch (error) {
        if (!abort.signal.aborted) setState((old) => ({ ...old, error }));
      }
    };
    void read();
    const timer = setInterval(() => void read(), everyMs);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [containerId]);
  return state;
}

/** The container's processes as a tree. */
export function Processes({ containerId }: { containerId: string }) {
  const { t } = useTranslation('stats');
  const { top, error } = useProcesses(containerId);
  if (error !== undefined && !top) return <ErrorFailure title={t('processesFailed')} error={error} />;
  if (!top) return null;
  const last = top.Titles.length - 1;
  return (
    <section
      aria-label={t('processes')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto rounded-[8px] border border-line"
    >
      <table className="code w-full border-collapse whitespace-nowrap">
        <caption className="sr-only">{t('processes')}</caption>
        <thead className="bg-surface-2 text-left text-meta text-text-3">
          <tr>
            {top.Titles.map((title) => (
              <th key={title} scope="col" className="px-2 py-1 font-medium">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {processTree(top).map(({ pid, depth, cells }) => (
            <tr key={pid} className="border-t border-line">
              {cells.map((cell, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
                <td key={index} className="px-2 py-0.5">
                  <span style={index === last ? { paddingLeft: depth * indentPx } : undefined}>{cell}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
