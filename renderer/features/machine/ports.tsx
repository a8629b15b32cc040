import { ArrowRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Forward } from '../../../electron/host/api/machine.ts';
import { Link } from '../../router/link.tsx';
import { pathOf } from '../../router/location.ts';
import { Badge } from '../../ui/badge.tsx';
import { classNames } from '../../ui/class-names.ts';
import { formatNumber } from '../../ui/format.ts';
import { StateIcon } from '../../ui/state-icon.tsx';

function useProblemWords(forward: Forward): string | undefined {
  const { t } = useTranslation('machine');
  const { problem } = forward;
  if (!problem) return undefined;
  const words = { port: forward.desktopPort, name: forward.containerName, owner: problem.owner ?? '' };
  if (problem.code === 'desktop-port-in-use' && problem.owner)
    return t('ports.problem.desktop-port-in-use-by', words);
  return t(`ports.problem.${problem.code}`, words);
}

const columns =
  'grid grid-cols-[20px_minmax(120px,1fr)_20px_minmax(120px,1fr)_110px] items-center gap-2 px-4';

function PortRow({ forward }: { forward: Forward }) {
  const { t } = useTranslation('machine');
  const problem = useProblemWords(forward);
  const open = forward.state === 'open';
  const address = `localhost:${forward.desktopPort}`;
  return (
    <div
      className={classNames(
        !open && 'bg-err-soft shadow-[inset_2px_0_0_var(--color-err)] [--state-cut:var(--color-err-soft)]',
      )}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a grid, laid out by CSS */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: a row of facts */}
      <div role="row" className={classNames(columns, 'min-h-[30px]')}>
        {/* biome-ignore lint/a11y: cells of facts */}
        <span role="cell">
          <StateIcon shape={open ? 'running' : 'unhealthy'} />
        </span>
        {/* biome-ignore lint/a11y: cells of facts */}
        <span role="cell" className="code truncate">
          {open && forward.protocol === 'tcp' ? (
            <a href={`http://${address}`} target="_blank" rel="noreferrer" className="hover:underline">
              {address}
            </a>
          ) : (
            address
          )}
          {forward.protocol === 'udp' && '/udp'}
        </span>
        {/* biome-ignore lint/a11y: cells of facts */}
        <span role="cell" aria-hidden="true">
          <ArrowRight size={12} className="text-text-3" />
        </span>
        {/* biome-ignore lint/a11y: cells of facts */}
        <span role="cell" className="truncate">
          <Link to={pathOf('containers', forward.containerId)} className="font-medium hover:underline">
            {forward.containerName}
          </Link>
          <span className="code ml-1 text-text-3">:{forward.containerPort}</span>
        </span>
        {/* biome-ignore lint/a11y: cells of facts */}
        <span role="cell" className={open ? 'text-text-2' : 'text-err'}>
          {t(open ? 'ports.open' : 'ports.failed')}
        </span>
      </div>
      {problem && <p className="pr-4 pb-2 pl-[44px] text-small text-text-2">{problem}</p>}
    </div>
  );
}

/** The desktop's end of published ports: which are open, and why one is not. */
export function Ports({ forwards }: { forwards: readonly Forward[] }) {
  const { t } = useTranslation('machine');
  const failed = forwards.filter(({ state }) => state === 'failed').length;
  return (
    <section className="card min-h-40 flex-1" aria-label={t('ports.title')}>
      <div className="flex min-h-[42px] flex-none items-center gap-2 pr-4 pl-4">
        <h2>{t('ports.title')}</h2>
        <span className="tabular text-text-3">{formatNumber(forwards.length)}</span>
        {failed > 0 && <Badge tone="err">{t('ports.problems', { count: failed })}</Badge>}
        <span className="ml-auto text-small text-text-3">{t('ports.onlyHere')}</span>
      </div>
      {forwards.length === 0 ? (
        <p className="border-t border-line px-4 py-3 text-text-2">{t('ports.none')}</p>
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: rows carry explanations, which no table row can
        <div role="table" aria-label={t('ports.title')} className="min-h-0 overflow-auto pb-2">
          {/* biome-ignore lint/a11y: headings of facts */}
          <div
            role="row"
            className={classNames(
              columns,
              'h-[26px] border-y border-line bg-surface-2 text-meta font-medium text-text-3',
            )}
          >
            {['', t('ports.desktop'), '', t('ports.container'), t('ports.state')].map((heading, index) => (
              // biome-ignore lint/a11y: headings of facts
              // biome-ignore lint/suspicious/noArrayIndexKey: the headings never change places
              <span role="columnheader" key={index}>
                {heading || <span className="sr-only">{index === 0 ? t('ports.state') : '→'}</span>}
              </span>
            ))}
          </div>
          {forwards.map((forward) => (
            <PortRow
              key={`${forward.protocol} ${forward.desktopAddress} ${forward.desktopPort}`}
              forward={forward}
            />
          ))}
        </div>
      )}
    </section>
  );
}
