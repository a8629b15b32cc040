import { Agent, request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { engineClient, jsonLines, type Transport } from '../../../engine/api/client.ts';
import type { EventMessage, VersionResponse } from '../../../engine/api/system.ts';
import type { Link } from './link.ts';

/** Between two questions to an engine that does not answer yet. Under emulation each costs the machine milliseconds. */
const pollMs = 150;

/** An HTTP agent whose connections are the link's to the engine's socket, kept alive between calls. */
export function engineAgent(link: Link, engineSocket: string): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  agent.createConnection = (_options, done) => {
    link.openSocket(engineSocket).then(
      (socket) => {
        // HTTP has no half-open connections: one that the engine has ended is of no more use.
        socket.once('end', () => socket.end());
        done?.(null, socket);
      },
      (error: Error) => done?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  return agent;
}

/** The engine client's transport over an agent. */
export function agentTransport(agent: Agent): Transport {
  return ({ method, path, body, headers, signal }) =>
    new Promise((resolve, reject) => {
      const bytes =
        body === undefined
          ? undefined
          : body instanceof Uint8Array
            ? body
            : Buffer.from(JSON.stringify(body));
      const request = httpRequest({
        agent,
        method,
        path,
        headers: {
          host: 'docker',
          ...(bytes === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': bytes.length }),
          ...headers,
        },
        ...(signal === undefined ? {} : { signal: signal as globalThis.AbortSignal }),
      });
      request.on('response', (answer) =>
        resolve({
          status: answer.statusCode ?? 502,
          headers: answer.headers as Record<string, string>,
          body: answer,
        }),
      );
      request.on('error', reject);
      request.end(bytes);
    });
}

/** Asks for /version until the engine answers. Rejects with the signal's reason. */
export async function engineAnswers(agent: Agent, signal: AbortSignal): Promise<VersionResponse> {
  const client = engineClient(agentTransport(agent));
  for (;;) {
    signal.throwIfAborted();
    try {
      return await client.version({ signal });
    } catch {
      // Not there yet: refused, or the socket is missing.
      await delay(pollMs, undefined, { signal });
    }
  }
}

/** Follows the engine's events until its side ends, for whatever reason; the end is how a dead engine is noticed. */
export async function followEvents(
  agent: Agent,
  { signal, onEvent, onOpen }: { signal: AbortSignal; onEvent(event: EventMessage): void; onOpen(): void },
): Promise<void> {
  const client = engineClient(agentTransport(agent));
  try {
    const response = await client.open({ method: 'GET', path: '/events', signal });
    onOpen();

    for await (const event of jsonLines<EventMessage>(response.body)) onEvent(event);
  } catch {
    // Its caller asks the engine again and finds out what is true.
  }
}
