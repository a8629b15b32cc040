import { type NetworkInspect, networkCreateRequest } from '../api/networks.ts';
import { matchesLabels } from '../containers/label-filter.ts';
import { BerthError } from '../errors.ts';
import { checkFilters, type Filters } from '../filters.ts';
import { type Route, route } from '../http/router.ts';
import type { Engine } from '../system/engine.ts';
import { inVersion } from './version-edits.ts';

/** Names of the networks that every engine has. */
const predefined = ['bridge', 'host', 'none'];

/** `/networks/…`: the predefined networks. Networks of the user's own are refused by name. */
export function networkRoutes(engine: Engine): Route[] {
  const { networks } = engine;
  const refuse = () => {
    throw new BerthError('refused-option', 'Berth does not support networks of your own yet', {
      option: 'networks',
    });
  };
  return [
    route('GET', '/networks', ({ query, reply, version }) => {
      // The list leaves containers out, as Docker does: only inspect shows them.
      const list = filterNetworks(engine, query.filters());
      reply.json(list.map((network) => inVersion('network', { ...network, Containers: {} }, version)));
    }),
    route('POST', '/networks/create', async ({ json }) => {
      const { Name: name } = await json(networkCreateRequest);
      if (networks.list().some((network) => network.Name === name)) {
        throw new BerthError('network-exists', `network with name ${name} already exists`, { name });
      }
      refuse();
    }),
    route('POST', '/networks/prune', ({ reply }) => reply.json({ NetworksDeleted: null })),
    route('POST', '/networks/:id/connect', refuse),
    route('POST', '/networks/:id/disconnect', refuse),
    route('GET', '/networks/:id', ({ params, reply, version }) => {
      reply.json(inVersion('network', withContainers(engine, params.id), version));
    }),
    route('DELETE', '/networks/:id', ({ params }) => {
      const { Name: name, Id: id } = networks.get(params.id);
      throw new BerthError('network-in-use', `${name} is a pre-defined network and cannot be removed`, {
        name,
        id,
      });
    }),
  ];
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
        some('dangling', (value) => !['true', '1'].includes(value)) &&
        matchesLabels(network.Labels, filters.label),
    );
}

function withContainers(engine: Engine, reference: string): NetworkInspect {
  const network = engine.networks.get(reference);
  const containers: NetworkInspect['Containers'] = {};
  for (const container of engine.containers.all()) {
    if (container.run === undefined) continue;
    for (const endpoint of Object.values(container.state.endpoints)) {
      if (endpoint.networkId !== network.Id) continue;
      containers[container.id] = {
        Name: container.name,
        EndpointID: endpoint.endpointId,
        MacAddress: endpoint.macAddress,
        IPv4Address: endpoint.ipv4Address === '' ? '' : `${endpoint.ipv4Address}/${endpoint.prefixLength}`,
        IPv6Address: '',
      };
    }
  }
  return { ...network, Containers: containers };
}
