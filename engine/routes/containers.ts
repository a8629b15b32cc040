import type * as z from 'zod';
import { createRequest } from '../api/containers.ts';
import { publishContainer } from '../containers/container-events.ts';
import type { Containers } from '../containers/containers.ts';
import { createContainer } from '../containers/create.ts';
import { notRunning, pause, unpause } from '../containers/freezer.ts';
import { inspectContainer } from '../containers/inspect.ts';
import { listContainers } from '../containers/list.ts';
import { pruneContainers } from '../containers/prune.ts';
import { removeContainer } from '../containers/remove.ts';
import { renameContainer } from '../containers/rename.ts';
import { killContainer, restartContainer, stopContainer } from '../containers/stop.ts';
import { containerTop } from '../containers/top.ts';
import { updateContainer, updateRequest } from '../containers/update.ts';
import { parseWaitCondition, waitFor } from '../containers/wait.ts';
import { BerthError } from '../errors.ts';
import type { RequestContext } from '../http/context.ts';
import { type Route, route } from '../http/router.ts';
import { containerArchiveRoutes } from './container-archive.ts';
import { containerStreamRoutes } from './container-streams.ts';
import { inVersion } from './version-edits.ts';

/** `/containers/…`: the life of containers. Streams stand in container-streams.ts, exec in exec.ts. */
export function containerRoutes(containers: Containers): Route[] {
  return [
    ...readRoutes(containers),
    ...lifeRoutes(containers),
    ...changeRoutes(containers),
    ...containerStreamRoutes(containers),
    ...containerArchiveRoutes(containers),
  ];
}

function readRoutes(containers: Containers): Route[] {
  const { parts } = containers;
  return [
    route('GET', '/containers/json', async ({ query, reply, version }) => {
      const list = await listContainers(parts, {
        all: query.flag('all'),
        limit: query.integer('limit'),
        size: query.flag('size'),
        filters: query.filters(),
      });
      reply.json(list.map((row) => inVersion('container-row', row, version)));
    }),
    route('GET', '/containers/:id/json', async ({ params, query, reply, version }) => {
      const found = containers.get(params.id);
      const answer = await inspectContainer(parts, found, { size: query.flag('size') });
      reply.json(inVersion('container', answer, version));
    }),
    route('GET', '/containers/:id/top', async ({ params, query, reply }) => {
      reply.json(await containerTop(parts, containers.get(params.id), query.text('ps_args')));
    }),
  ];
}

function lifeRoutes(containers: Containers): Route[] {
  const { lifecycle, parts } = containers;
  const stopOptions = ({ headers, query, version }: RequestContext) => ({
    timeoutSeconds: query.integer('t'),
    signal: version.atLeast('1.42') ? query.text('signal') : undefined,
    client: headers['user-agent'],
  });
  return [
    route('POST', '/containers/create', async ({ query, reply, json }) => {
      const request = await json(createRequest);
      checkPlatform(query.text('platform'), parts.host.architecture);
      reply.json(await createContainer(parts, request, { name: query.text('name') }), 201);
    }),
    route('POST', '/containers/:id/start', async ({ params, reply }) => {
      await lifecycle.start(containers.get(params.id));
      reply.empty();
    }),
    route('POST', '/containers/:id/stop', async (context) => {
      await stopContainer(lifecycle, containers.get(context.params.id), stopOptions(context));
      context.reply.empty();
    }),
    route('POST', '/containers/:id/restart', async (context) => {
      await restartContainer(lifecycle, containers.get(context.params.id), stopOptions(context));
      context.reply.empty();
    }),
    route('POST', '/containers/:id/kill', async ({ params, query, reply, headers }) => {
      const client = headers['user-agent'];
      const options = { reference: params.id, signal: query.text('signal'), client };
      await killContainer(lifecycle, containers.get(params.id), options);
      reply.empty();
    }),
    route('POST', '/containers/:id/pause', async ({ params, reply }) => {
      await pause(parts, containers.get(params.id));
      reply.empty();
    }),
    route('POST', '/containers/:id/unpause', async ({ params, reply }) => {
      await unpause(parts, containers.get(params.id));
      reply.empty();
    }),
    route('POST', '/containers/:id/wait', async ({ params, query, reply, signal, version }) => {
      const found = containers.get(params.id);
      // Before 1.30 there was one condition.
      const condition = version.atLeast('1.30') ? query.text('condition') : '';
      const code = waitFor(found, parseWaitCondition(condition), signal);
      // Clients start the container only once they have these headers.
      const stream = reply.stream({ contentType: 'application/json' });
      const exitCode = await code;
      stream.end(exitCode === undefined ? undefined : `${JSON.stringify({ StatusCode: exitCode })}\n`);
    }),
  ];
}

function changeRoutes(containers: Containers): Route[] {
  const { lifecycle, parts } = containers;
  return [
    route('POST', '/containers/prune', async ({ query, reply }) => {
      reply.json(await pruneContainers(parts, lifecycle, query.filters()));
    }),
    route('POST', '/containers/:id/rename', async ({ params, query, reply }) => {
      await renameContainer(parts, containers.get(params.id), query.text('name'));
      reply.empty();
    }),
    route('POST', '/containers/:id/update', async ({ params, reply, json }) => {
      const request: z.infer<typeof updateRequest> = await json(updateRequest);
      reply.json(await updateContainer(parts, containers.get(params.id), request));
    }),
    route('POST', '/containers/:id/resize', async ({ params, query, reply }) => {
      const found = containers.get(params.id);
      if (found.run === undefined) throw notRunning(found);
      const size = { rows: query.integer('h') ?? 0, columns: query.integer('w') ?? 0 };
      await found.run.shim.resize(size);
      const attributes = { height: String(size.rows), width: String(size.columns) };
      publishContainer(parts.events, found, 'resize', attributes);
      reply.empty(200);
    }),
    route('DELETE', '/containers/:id', async ({ params, query, reply, headers }) => {
      if (query.flag('link')) {
        throw new BerthError('refused-option', 'Berth does not support links between containers', {
          option: 'link',
        });
      }
      await removeContainer(parts, lifecycle, containers.get(params.id), {
        force: query.flag('force'),
        volumes: query.flag('v'),
        client: headers['user-agent'],
      });
      reply.empty();
    }),
  ];
}

const dockerArchitecture = { x64: 'amd64', arm64: 'arm64' };

/** A platform that this machine cannot run is refused before its image is looked for. */
function checkPlatform(platform: string, architecture: 'x64' | 'arm64'): void {
  if (platform === '') return;
  const [os, asked] = platform.split('/');
  if (os === 'linux' && (asked === undefined || asked === dockerArchitecture[architecture])) return;
  throw new BerthError(
    'refused-option',
    `Berth runs linux/${dockerArchitecture[architecture]} containers here, not ${platform}`,
    { option: `platform=${platform}` },
  );
}
