import type { Duplex } from 'node:stream';
import type { AttachQuery } from '../containers/attach.ts';
import type { Container } from '../containers/container.ts';
import { publishContainer } from '../containers/container-events.ts';
import type { DetachKeys } from '../containers/detach-keys.ts';
import type { StreamBytes } from '../containers/logs.ts';
import type { ContainerParts } from '../containers/parts.ts';
import { frame, writeSlowly } from '../http/frames.ts';
import { onHangup } from '../runtime/hangup.ts';
import type { ShimInput } from '../runtime/runtime.ts';

/** Serves an attached connection until the output is over, the client leaves, or it types the detach keys. */
export async function serveAttach(
  parts: ContainerParts,
  container: Container,
  options: { socket: Duplex; output: AsyncGenerator<StreamBytes>; query: AttachQuery; gone: AbortController },
): Promise<void> {
  const { socket, output, query, gone } = options;
  publishContainer(parts.events, container, 'attach');
  socket.on('error', () => gone.abort());
  socket.once('close', () => gone.abort());
  onHangup(socket, () => socket.destroy());
  const input = query.stdin ? passInput(parts, container, options) : Promise.resolve(drain(socket));
  input.catch((error) => parts.log(`container ${container.id}: attached input`, error));
  await passOutput(socket, output, container.terminal);
  socket.end();
}

/** Reads what nobody wants, so that the end of the connection is seen. */
export function drain(socket: Duplex): void {
  socket.resume();
}

/** Copies output to a client, framed unless it is a terminal's. */
export async function passOutput(
  socket: Duplex,
  output: AsyncIterable<StreamBytes>,
  terminal: boolean,
): Promise<void> {
  for await (const { stream, bytes } of output) {
    const more = await writeSlowly(socket, terminal ? bytes : frame(stream, bytes));
    if (!more) return;
  }
}

async function passInput(
  parts: ContainerParts,
  container: Container,
  options: { socket: Duplex; query: AttachQuery; gone: AbortController },
): Promise<void> {
  const { socket, query, gone } = options;
  const run = await container.nextRun(gone.signal);
  const stdin = run?.shim.stdin;
  if (stdin === undefined) return drain(socket);
  const detached = await copyInput(socket, stdin, container.terminal ? query.detachKeys : undefined);
  if (detached) {
    publishContainer(parts.events, container, 'detach');
    socket.end();
    gone.abort();
    return;
  }
  // With a terminal the other side of an attach may come back; without, end of file is what the process waits for.
  if (container.definition.config.StdinOnce && !container.terminal) await stdin.end();
}

/** Copies input until the client's half-close; true when it left by the detach keys. */
export async function copyInput(
  socket: Duplex,
  stdin: ShimInput,
  keys: DetachKeys | undefined,
): Promise<boolean> {
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const { pass, detached } = keys?.feed(chunk) ?? { pass: chunk, detached: false };
      if (pass.length > 0) await stdin.write(pass);
      if (detached) return true;
    }
  } catch {
    // The connection broke: for the process that is the end of its input, as a half-close is.
  }
  return false;
}
