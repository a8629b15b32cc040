import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { streamSubprotocol } from '../host/api/http.ts';
import type { HostState } from '../host/api/machine.ts';

/** Between two attempts to reach a host that is not there; a person has started or stopped it. */
const retryMs = 1000;

/** Tells every state of the host, and undefined while there is no host, until the signal aborts. */
export async function followState(options: {
  hostSocket: string;
  signal: AbortSignal;
  tell: (state: HostState | undefined) => void;
}): Promise<void> {
  const { hostSocket, signal, tell } = options;
  while (!signal.aborted) {
    await follow(hostSocket, signal, tell);
    tell(undefined);
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Resolves when the connection has ended, for whatever reason. */
function follow(hostSocket: string, signal: AbortSignal, tell: (state: HostState) => void): Promise<void> {
  const socket = new WebSocket(`ws+unix://${hostSocket}:/api/watch`, [streamSubprotocol]);
  const end = () => socket.terminate();
  signal.addEventListener('abort', end, { once: true });
  return new Promise((resolve) => {
    socket.on('message', (data) => tell(JSON.parse(String(data)) as HostState));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      signal.removeEventListener('abort', end);
      resolve();
    });
  });
}
