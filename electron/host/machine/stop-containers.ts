import { engineClient } from '../../../engine/api/client.ts';
import { agentTransport, engineAgent } from './engine-watch.ts';
import { localLink } from './local-link.ts';

/** Asks the engine to stop every running container, all at once. An engine that does not answer is left alone. */
export async function stopContainers(engineSocket: string, timeoutMs: number): Promise<void> {
  const agent = engineAgent(localLink(), engineSocket);
  const signal = AbortSignal.timeout(timeoutMs);
  const client = engineClient(agentTransport(agent));
  try {
    const containers = await client.containers.list({}, { signal });
    const stop = (id: string) => client.call<void>('POST', `/containers/${id}/stop`, { signal });
    await Promise.allSettled(containers.map(({ Id }) => stop(Id)));
  } catch {
    // The engine is silent; its containers belong to their shims and go on.
  } finally {
    agent.destroy();
  }
}
