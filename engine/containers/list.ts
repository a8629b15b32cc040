import type { ContainerSummary } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import { checkFilters, type Filters } from '../filters.ts';
import type { Container } from './container.ts';
import { containerNetworks, mountPoints, sizes } from './inspect.ts';
import { matchesLabels } from './label-filter.ts';
import type { ContainerParts } from './parts.ts';
import { parsePort } from './ports.ts';
import { statusText } from './status-text.ts';

const knownFilters = [
  'ancestor',
  'before',
  'expose',
  'exited',
  'health',
  'id',
  'isolation',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
] as const;

const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/** GET /containers/json, newest first. */
export async function listContainers(
  parts: ContainerParts,
  options: { all: boolean; limit: number | undefined; size: boolean; filters: Filters },
): Promise<ContainerSummary[]> {
  const { filters, limit } = options;
  checkFilters(filters, knownFilters);
  for (const status of filters.status ?? []) {
    if (!statuses.includes(status)) {
      throw new BerthError('bad-filter', `invalid filter 'status=${status}'`, { filter: `status=${status}` });
    }
  }
  // A filter on states, or a limit, is about all containers, not only those that run.
  const all = options.all || (limit ?? 0) > 0 || 'status' in filters || 'exited' in filters;
  const test = await containerTest(parts, filters);
  const found = parts.registry
    .all()
    .filter((container) => (all || container.running) && test(container))
    .sort((a, b) => (a.definition.created < b.definition.created ? 1 : -1))
    .slice(0, limit && limit > 0 ? limit : undefined);
  return await Promise.all(found.map((container) => summarize(parts, container, options.size)));
}

/** A predicate of ps's filters: values of one name are alternatives, names must all hold. */
export async function containerTest(
  parts: ContainerParts,
  filters: Filters,
): Promise<(container: Container) => boolean> {
  const bound = (name: 'before' | 'since') =>
    (filters[name] ?? []).map((reference) => parts.registry.get(reference).definition.created);
  const before = bound('before');
  const since = bound('since');
  const ancestors = await ancestorIds(parts, filters.ancestor ?? []);
  const some = (name: string, holds: (value: string) => boolean) => {
    const values = filters[name];
    return values === undefined || values.length === 0 || values.some(holds);
  };
  return (container) => {
    const { definition, state, status } = container;
    const { config, hostConfig } = definition;
    return (
      some('id', (value) => definition.id.startsWith(value)) &&
      some('name', (value) => nameMatches(definition.name, value)) &&
      matchesLabels(config.Labels ?? {}, filters.label) &&
      some('status', (value) => status === value) &&
      some('exited', (value) => !container.running && state.exitCode === Number(value)) &&
      some('health', (value) => (state.health?.Status ?? 'none') === value) &&
      some('ancestor', () => ancestors.has(definition.imageId)) &&
      before.every((created) => definition.created < created) &&
      since.every((created) => definition.created > created) &&
      some('volume', (value) =>
        definition.mounts.some((mount) => mount.name === value || mount.destination === value),
      ) &&
      some(
        'network',
        (value) =>
          hostConfig.NetworkMode === value ||
          Object.values(state.endpoints).some((endpoint) => endpoint.networkId.startsWith(value)),
      ) &&
      some('publish', (value) => portMatches(Object.keys(hostConfig.PortBindings ?? {}), value)) &&
      some('expose', (value) => portMatches(Object.keys(config.ExposedPorts ?? {}), value)) &&
      some('is-task', (value) => ['false', '0'].includes(value.toLowerCase()))
    );
  };
}

async function ancestorIds(parts: ContainerParts, references: string[]): Promise<Set<string>> {
  const ids = await Promise.all(
    references.map(async (reference) => {
      try {
        return [(await parts.images.resolve(reference)).id];
      } catch {
        // Nothing descends from an image that is not there.
        return [];
      }
    }),
  );
  return new Set(ids.flat());
}

/** The filter is a regular expression against the name, with its slash or without; what is not one is plain text. */
function nameMatches(name: string, filter: string): boolean {
  if (name === filter || `/${name}` === filter) return true;
  try {
    const expression = new RegExp(filter);
    return expression.test(name) || expression.test(`/${name}`);
  } catch {
    return name.includes(filter);
  }
}

function portMatches(ports: string[], filter: string): boolean {
  const { port, protocol } = parsePort(filter);
  return ports.some((text) => text === `${port}/${protocol}`);
}

async function summarize(
  parts: ContainerParts,
  container: Container,
  size: boolean,
): Promise<ContainerSummary> {
  const { definition } = container;
  const { config, hostConfig } = definition;
  const words = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return {
    Id: definition.id,
    Names: [`/${definition.name}`],
    Image: config.Image,
    ImageID: definition.imageId,
    Command: words.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' '),
    Created: Math.floor(Date.parse(definition.created) / 1000),
    Ports: summaryPorts(container),
    ...(size ? await sizes(parts, container) : {}),
    Labels: config.Labels ?? {},
    State: container.status,
    Status: statusText(container, Date.now()),
    HostConfig: { NetworkMode: hostConfig.NetworkMode },
    NetworkSettings: { Networks: containerNetworks(parts, container) },
    Mounts: mountPoints(parts, container),
  };
}

function summaryPorts(container: Container): ContainerSummary['Ports'] {
  if (container.run === undefined) return [];
  const published = Object.values(container.state.endpoints).flatMap((endpoint) => endpoint.ports);
  const rows: ContainerSummary['Ports'] = published.map((port) => ({
    IP: port.hostIp === '' ? '0.0.0.0' : port.hostIp,
    PrivatePort: port.containerPort,
    PublicPort: port.hostPort,
    Type: port.protocol,
  }));
  for (const text of Object.keys(container.definition.config.ExposedPorts ?? {})) {
    const { port, protocol } = parsePort(text);
    if (!rows.some((row) => row.PrivatePort === port && row.Type === protocol)) {
      rows.push({ PrivatePort: port, Type: protocol });
    }
  }
  return rows;
}
