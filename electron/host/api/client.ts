import type { Transport } from '../../../engine/api/client.ts';
import { engineClient } from '../../../engine/api/client.ts';
import type { HostState } from './machine.ts';
import type { Settings } from './settings.ts';

export type HostClient = ReturnType<typeof hostClient>;

/** The typed client of the host, over the same kind of transport as the engine's. */
export function hostClient(transport: Transport) {
  const { call, open } = engineClient(transport);
  const command = (path: string) => () => call<void>('POST', path);
  return {
    state: () => call<HostState>('GET', '/api/state'),
    startMachine: command('/api/machine/start'),
    stopMachine: command('/api/machine/stop'),
    restartMachine: command('/api/machine/restart'),
    reconnectMachine: command('/api/machine/reconnect'),
    recheckAccelerator: command('/api/machine/recheck-accelerator'),
    restartEngine: command('/api/engine/restart'),
    settings: () => call<Settings>('GET', '/api/settings'),
    changeSettings: (change: Partial<Settings>) =>
      open({ method: 'POST', path: '/api/settings', body: change }).then(() => undefined),
    openPage: () => call<{ url: string; token: string }>('POST', '/api/tokens'),
    log: (source: 'serial' | 'engine', offset: number) =>
      open({ method: 'GET', path: `/api/machine/log?source=${source}&offset=${offset}` }),
    quit: command('/api/quit'),
    /** The engine behind this host, its API passed through. */
    engine: engineClient((request) => transport({ ...request, path: `/engine${request.path}` })),
  };
}
