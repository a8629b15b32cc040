import { create } from 'zustand';
import type { HostState } from '../../electron/host/api/machine.ts';
import { webSocket } from '../bridge/stream.ts';

/** How the page stands to its host: `lost` counts the attempts to come back. */
export type HostLink = { state: 'connecting' } | { state: 'open' } | { state: 'lost'; attempt: number };

interface MachineStore {
  link: HostLink;
  /** The last state heard; kept while the link is lost. */
  host: HostState | undefined;
}

export const useMachine = create<MachineStore>(() => ({ link: { state: 'connecting' }, host: undefined }));

/** The engine answers: its lists can be read. */
export const engineRuns = ({ host, link }: MachineStore): boolean =>
  link.state === 'open' && host?.machine.engine.phase === 'running';

/** Waits before attempts to reach the host again, in ms; the last one repeats. */
const retryMs = [250, 500, 1000, 2000, 5000];

/** Follows WS /api/watch for as long as the page lives. */
export function watchMachine(): void {
  let attempt = 0;
  const connect = () => {
    const socket = webSocket('/api/watch');
    socket.onmessage = (event: MessageEvent<string>) => {
      attempt = 0;
      useMachine.setState({ link: { state: 'open' }, host: JSON.parse(event.data) as HostState });
    };
    socket.onclose = () => {
      attempt++;
      useMachine.setState({ link: { state: 'lost', attempt } });
      setTimeout(connect, retryMs[Math.min(attempt, retryMs.length) - 1]);
    };
  };
  connect();
}
