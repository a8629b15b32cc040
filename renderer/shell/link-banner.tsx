import { useTranslation } from 'react-i18next';
import { go, useLocation } from '../router/location.ts';
import { useMachine } from '../stores/machine.ts';
import { Button } from '../ui/button.tsx';
import { StateIcon } from '../ui/state-icon.tsx';

/** The one banner: host, machine or engine are lost while the page still shows their last state. */
export function LinkBanner() {
  const { t } = useTranslation();
  const link = useMachine((state) => state.link);
  const machine = useMachine((state) => state.host?.machine);
  const onMachine = useLocation(({ segments }) => segments[0] === 'machine');
  const hostLost = link.state === 'lost' && link.attempt > 1;
  const degraded = !hostLost && machine?.phase === 'degraded' && !onMachine;
  if (!hostLost && !degraded) return null;
  const text = hostLost
    ? t('lost.host', { attempt: link.attempt })
    : t(machine?.problem?.code.startsWith('engine') ? 'lost.engine' : 'lost.machine');
  return (
    <div
      role="alert"
      className="flex flex-none items-center gap-2 rounded-card border border-err/40 bg-err-soft px-4 py-2 [--state-cut:var(--color-err-soft)]"
    >
      <StateIcon shape="unhealthy" />
      <span className="min-w-0 flex-1 font-medium">{text}</span>
      {degraded && (
        <Button small onClick={() => go('/machine')}>
          {t('engine.openMachine')}
        </Button>
      )}
    </div>
  );
}
