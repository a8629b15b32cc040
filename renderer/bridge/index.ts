import { hostClient } from '../../electron/host/api/client.ts';
import { engineClient } from '../../engine/api/client.ts';
import { streamTransport } from './stream.ts';
import { fetchTransport } from './transport.ts';

/**
 * The page's way to host and engine. `engine` is for calls that answer at once; `streams` is the same client
 * over WebSockets, for what runs long: events, pull, logs. Attach and exec: openStream with upgrade.
 */
export const host = hostClient(fetchTransport);
export const engine = host.engine;
export const streams = engineClient(streamTransport);

export { type EngineStream, openStream, StreamLost } from './stream.ts';
export { HostUnreachable } from './transport.ts';
