import {
  type NetworkInspect,
  networkConnectRequest,
  networkCreateRequest,
  networkDisconnectRequest,
} from '../api/networks.ts';
import { connectContainer, disconnectContainer } from '../containers/connect.ts';
import { matchesLabels } from '../containers/label-filter.ts';
import { pruneLabels, pruneUntil } from '../containers/prune.ts';
import { asBerthError } from '../errors.ts';
import { checkFilters, type Filters } from '../filters.ts';
import { type Route, route } from '../http/router.ts';
import type { Engine } from '../system/engine.ts';
import { inVersion } from './version-edits.ts';

/** Names of the networks that every engine has. */
const predefined = ['bridge', 'host', 'none'];

/** `/networks/…`: the predefined networks and those of the user's own. */
export function networkRoutes(engine: Engine): Route[] {
  const { containers, events, networks } = engine;
  return [
    route('GET', '/networks', ({ query, reply, version }) => {
      // The list leaves containers out, as Docker does: only inspect shows them.
      const list = filterNetworks(engine, query.filters());
      reply.json(list.map((network) => inVersion('network', { ...network, Containers: {} }, version)));
    }),
    route('POST', '/networks/create', async ({ json, reply }) => {
      const { Id: id, Name: name } = await networks.create(await json(networkCreateRequest));
      events.publish('network', 'create', id, { name, type: 'bridge' });
      reply.json({ Id: id, Warning: '' }, 201);
    }),
    route('POST', '/networks/prune', async ({ query, reply }) => {
      reply.json({ NetworksDeleted: await prune(engine, query.filters()) });
    }),
    route('POST', '/networks/:id/connect', async ({ params, json, reply }) => {
      const { Container: reference, EndpointConfig: endpoint } = await json(networkConnectRequest);
      const request = { network: params.id, endpoint: endpoint ?? {} };
      await connectContainer(containers.parts, containers.get(reference), request);
      reply.empty(200);
    }),
    route('POST', '/networks/:id/disconnect', async ({ params, json, reply }) => {
      const { Container: reference } = await json(networkDisconnectRequest);
      await disconnectContainer(containers.parts, containers.get(reference), { network: params.id });
      reply.empty(200);
    }),
    route('GET', '/networks/:id', ({ params, reply, version }) => {
      reply.json(inVersion('network', networks.get(params.id), version));
    }),
    route('DELETE', '/networks/:id', async ({ params, reply }) => {
      await remove(engine, params.id);
      reply.empty();
    }),
  ];
}

async function remove({ events, networks }: Engine, reference: string): Promise<string> {
  const { Id: id, Name: name } = await networks.remove(reference);
  events.publish('network', 'destroy', id, { name, type: 'bridge' });
  return name;
}

/** Removes the user's networks that no running container is on. */
async function prune(engine: Engine, filters: Filters): Promise<string[] | null> {
  checkFilters(filters, ['label', 'label!', 'until']);
  const until = pruneUntil(filters);
  const deleted: string[] = [];
  for (const network of engine.networks.list()) {
    if (predefined.includes(network.Name) || Object.keys(network.Containers).length > 0) continue;
    if (!pruneLabels(network.Labels, filters)) continue;
    if (until !== undefined && Date.parse(network.Created) >= until) continue;
    try {
      deleted.push(await remove(engine, network.Id));
    } catch (error) {
      // Taken into use, or removed, by another request meanwhile.
      if (!['network-in-use', 'network-not-found'].includes(asBerthError(error).code)) throw error;
    }
  }
  engine.events.publish('network', 'prune', '', { reclaimed: '0' });
  return deleted.length > 0 ? deleted : null;
}

function filterNetworks({ networks }: Engine, filters: Filters): NetworkInspect[] {
  checkFilters(filters, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']);
  const some = (name: string, holds: (value: string) => boolean) => {
    const values = filters[name];
    return values === undefined || values.length === 0 || values.some(holds);
  };
  return networks
    .list()
    .filter(
      (network) =>
        some('name', (value) => network.Name.includes(value)) &&
        some('id', (value) => network.Id.startsWith(value)) &&
        some('driver', (value) => network.Driver === value) &&
        some('scope', (value) => network.Scope === value) &&
        some('type', (value) => (value === 'builtin') === predefined.includes(network.Name)) &&
        some('dangling', (value) => ['true', '1'].includes(value) === isDangling(network)) &&
        matchesLabels(network.Labels, filters.label),
    );
}

/** No container is on it; the predefined ones never count as such. */
function isDangling({ Name, Containers }: NetworkInspect): boolean {
  return !predefined.includes(Name) && Object.keys(Containers).length === 0;
}
