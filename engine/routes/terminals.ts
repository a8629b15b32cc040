import { terminalRequest } from '../api/terminals.ts';
import type { Containers } from '../containers/containers.ts';
import type { RequestContext } from '../http/context.ts';
import { rawStream } from '../http/frames.ts';
import { type Route, route } from '../http/router.ts';
import { onHangup } from '../runtime/hangup.ts';
import { copyInput, drain, passOutput } from './attached.ts';

/** `/berth/…/terminals`: engine/api/terminals.ts. */
export function terminalRoutes(containers: Containers): Route[] {
  const { terminals } = containers;
  return [
    route('POST', '/berth/containers/:id/terminals', async ({ params, reply, json }) => {
      reply.json(await terminals.create(containers.get(params.id), await json(terminalRequest)), 201);
    }),
    route('GET', '/berth/terminals', ({ reply }) => reply.json(terminals.list())),
    route('GET', '/berth/terminals/:id', ({ params, reply }) => reply.json(terminals.get(params.id))),
    route('POST', '/berth/terminals/:id/attach', (context) => attach(containers, context)),
    route('POST', '/berth/terminals/:id/resize', async ({ params, query, reply }) => {
      const size = { rows: query.integer('h') ?? 0, columns: query.integer('w') ?? 0 };
      await terminals.process(params.id).resize(size);
      reply.empty(200);
    }),
    route('DELETE', '/berth/terminals/:id', async ({ params, reply }) => {
      await terminals.end(params.id);
      reply.empty();
    }),
  ];
}

async function attach({ terminals }: Containers, context: RequestContext<{ id: string }>): Promise<void> {
  const { id } = context.params;
  const gone = new AbortController();
  const output = terminals.output(id, gone.signal);
  const stdin = terminals.get(id).running ? terminals.process(id).stdin : undefined;
  const socket = context.hijack(rawStream);
  socket.on('error', () => gone.abort());
  socket.once('close', () => gone.abort());
  onHangup(socket, () => socket.destroy());
  if (stdin) void copyInput(socket, stdin, undefined);
  else drain(socket);
  await passOutput(socket, output, true);
  socket.end();
}
