import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Problem, type ProblemAction, problemActions } from '../../../electron/host/api/machine.ts';
import { host } from '../../bridge/index.ts';
import { Button } from '../../ui/button.tsx';
import { Failure } from '../../ui/failure.tsx';
import { reportFailure } from '../../ui/report.ts';
import { InstallDialog } from './install-dialog.tsx';

/** Which log tells more about a problem. */
export type LogSource = 'serial' | 'engine';
const engineProblems: readonly Problem['code'][] = ['engine-exited', 'engine-silent', 'deploy-failed'];
export const logFor = (problem: Problem): LogSource =>
  engineProblems.includes(problem.code) ? 'engine' : 'serial';

async function useQemuInstead(): Promise<void> {
  const { machine } = await host.settings();
  await host.changeSettings({ machine: { ...machine, kind: 'qemu' } });
  await host.startMachine();
}

/** What each action of a problem does; the two that open something are handled by the box. */
const calls: Record<Exclude<ProblemAction, 'show-log' | 'install-qemu'>, () => Promise<void>> = {
  retry: host.startMachine,
  start: host.startMachine,
  restart: host.restartMachine,
  reconnect: host.reconnectMachine,
  'restart-engine': host.restartEngine,
  'recheck-accelerator': host.recheckAccelerator,
  'use-qemu': useQemuInstead,
};

/** A problem in words, with the buttons that mend it. */
export function ProblemBox({
  problem,
  tone = 'err',
  onShowLog,
}: {
  problem: Problem;
  tone?: 'err' | 'warn';
  onShowLog: (source: LogSource) => void;
}) {
  const { t } = useTranslation('machine');
  const [installing, setInstalling] = useState(false);
  const run = (action: ProblemAction) => {
    if (action === 'show-log') onShowLog(logFor(problem));
    else if (action === 'install-qemu') setInstalling(true);
    else reportFailure(calls[action]());
  };
  const params = Object.entries(problem.params).map(([name, value]) => `${name}: ${value}`);
  const detail = [...params, problem.detail].filter(Boolean).join('\n');
  return (
    <>
      <Failure
        tone={tone}
        title={t(`problem.${problem.code}.title`, problem.params)}
        text={t(`problem.${problem.code}.text`, problem.params)}
        {...(detail === '' ? {} : { detail })}
      >
        {problemActions[problem.code].map((action) => (
          <Button key={action} small onClick={() => run(action)}>
            {t(`action.${action}`)}
          </Button>
        ))}
      </Failure>
      {installing && <InstallDialog onClose={() => setInstalling(false)} />}
    </>
  );
}
