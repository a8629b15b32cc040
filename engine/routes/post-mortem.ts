import type { Containers } from '../containers/containers.ts';
import { postMortem } from '../containers/post-mortem.ts';
import { frame, multiplexed, writeSlowly } from '../http/frames.ts';
import { type Route, route } from '../http/router.ts';

/** Why containers ended, the removed ones too, as long as something of them is kept. */
export function postMortemRoutes(containers: Containers): Route[] {
  const { parts, remains } = containers;
  return [
    route('GET', '/berth/containers/:id/post-mortem', async ({ params, reply }) => {
      const found = parts.registry.find(params.id);
      if (found === undefined) reply.json(await remains.postMortem(remains.find(params.id)));
      else reply.json(await postMortem(parts, found));
    }),
    route('GET', '/berth/removed', ({ reply }) => reply.json(remains.list())),
    route('GET', '/berth/removed/:id/log', async ({ params, reply }) => {
      const log = remains.logOf(remains.find(params.id));
      const target = reply.stream({ contentType: multiplexed });
      for await (const { stream, bytes } of log.read({ from: 'start' })) {
        if (!(await writeSlowly(target, frame(stream, bytes)))) return;
      }
      target.end();
    }),
  ];
}
