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
  if (container.definition.hostConfig.LogConfig?.Type === 'none') {
    return chosen(directOutput(container, signal), query);
  }
  const neverRan = container.run === undefined && container.state.phase === 'created';
  const chunks = parts.openLog(container.files.log).read({
    from: query.logs || neverRan ? 'start' : 'end',
    ...(query.stream
      ? {
          follow: {
            onLog: (listener, options) => container.onLog(listener, options),
            ended,
            hold: () => container.run?.shim.hold() ?? (() => {}),
          },
        }
      : {}),
    signal,
  });
  return chosen(chunks, query);
}

/** Output that no log keeps: from the run that is on, or the next one. */
async function* directOutput(container: Container, signal: AbortSignal): AsyncGenerator<StreamBytes> {
  const run = await container.nextRun(signal);
  const output = run?.shim.output;
  if (output === undefined) return;
  const chunks: { chunk: StreamBytes; taken: () => void }[] = [];
  let finished = false;
  let wake = () => {};
  const finish = () => {
    finished = true;
    wake();
  };
  const stop = output.listen(
    (chunk) =>
      new Promise((taken) => {
        chunks.push({ chunk, taken });
        wake();
      }),
  );
  void output.ended.then(finish);
  signal.addEventListener('abort', finish, { once: true });
  try {
    while (!signal.aborted) {
      const next = chunks.shift();
      if (next) {
        yield next.chunk;
        next.taken();
      } else if (finished) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    stop();
    for (const { taken } of chunks) taken();
  }
}

async function* chosen(chunks: AsyncGenerator<StreamBytes>, query: AttachQuery): AsyncGenerator<StreamBytes> {
  for await (const chunk of chunks) {
    if (query[chunk.stream]) yield chunk;
  }
}
