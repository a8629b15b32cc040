import type { Containers } from '../containers/containers.ts';
import { listProcesses, signalOneProcess } from '../containers/processes.ts';
import { type Route, route } from '../http/router.ts';

/** The processes of a container, with both of their pids. */
export function processRoutes({ parts }: Containers): Route[] {
  return [
    route('GET', '/berth/containers/:id/processes', async ({ params, reply }) => {
      reply.json(await listProcesses(parts, parts.registry.get(params.id)));
    }),
    route('POST', '/berth/containers/:id/processes/:pid/signal', async ({ params, query, reply }) => {
      const options = { pid: Number(params.pid), signal: query.text('signal') };
      await signalOneProcess(parts, parts.registry.get(params.id), options);
      reply.empty();
    }),
  ];
}
