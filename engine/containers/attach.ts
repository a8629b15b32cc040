import type { Container } from './container.ts';
import type { DetachKeys } from './detach-keys.ts';
import type { StreamBytes } from './logs.ts';
import type { ContainerParts } from './parts.ts';

export interface AttachQuery {
  /** Also what was printed before. */
  logs: boolean;
  stream: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  detachKeys: DetachKeys;
}

/**
 * Opens a container's output for an attach. It listens when this resolves, before a start that comes after, so that
 * no first byte is missed. The stream ends with the run that is on, or with the next one.
 */
export async function openOutput(
  parts: ContainerParts,
  container: Container,
  options: { query: AttachQuery; signal: AbortSignal },
): Promise<AsyncGenerator<StreamBytes>> {
  const { query, signal } = options;
  const ended = (async () => {
    const run = await container.nextRun(signal);
    await run?.shim.exited;
  })();
  const neverRan = container.run === undefined && container.state.phase === 'created';
  const chunks = parts.openLog(container.files.log).read({
    from: query.logs || neverRan ? 'start' : 'end',
    ...(query.stream ? { follow: { onLog: (listener) => container.onLog(listener), ended } } : {}),
    signal,
  });
  return chosen(chunks, query);
}

async function* chosen(chunks: AsyncGenerator<StreamBytes>, query: AttachQuery): AsyncGenerator<StreamBytes> {
  for await (const chunk of chunks) {
    if (query[chunk.stream]) yield chunk;
  }
}
