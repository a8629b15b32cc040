import { type Volume, volumeCreateRequest } from '../api/volumes.ts';
import { matchesLabels } from '../containers/label-filter.ts';
import { checkVolumeName } from '../containers/mount-spec.ts';
import { pruneLabels } from '../containers/prune.ts';
import { asBerthError, BerthError } from '../errors.ts';
import { checkFilters, type Filters } from '../filters.ts';
import { type Route, route } from '../http/router.ts';
import type { Engine } from '../system/engine.ts';

/** `/volumes/…`. */
export function volumeRoutes(engine: Engine): Route[] {
  const { volumes } = engine;
  return [
    route('GET', '/volumes', ({ query, reply }) => {
      const found = filterVolumes(engine, query.filters());
      reply.json({ Volumes: found, Warnings: null });
    }),
    route('POST', '/volumes/create', async ({ reply, json }) => {
      const request = await json(volumeCreateRequest);
      if (request.Name) checkVolumeName(request.Name);
      refuseDriver(request.Driver ?? '', request.DriverOpts ?? {});
      const volume = await volumes.ensure({
        ...(request.Name ? { name: request.Name } : {}),
        labels: request.Labels ?? null,
      });
      reply.json(volume, 201);
    }),
    route('POST', '/volumes/prune', async ({ query, reply, version }) => {
      // Until 1.42 named volumes went too.
      const filters = version.atLeast('1.42') ? {} : { all: ['true'] };
      reply.json(await prune(engine, { ...filters, ...query.filters() }));
    }),
    route('GET', '/volumes/:name', ({ params, reply }) => reply.json(volumes.get(params.name))),
    route('DELETE', '/volumes/:name', async ({ params, query, reply }) => {
      await volumes.remove(params.name, { force: query.flag('force') });
      reply.empty();
    }),
  ];
}

function refuseDriver(driver: string, options: Record<string, string>): void {
  if (driver !== '' && driver !== 'local') {
    throw new BerthError('refused-option', `Berth has no volume driver "${driver}"`, {
      option: `Driver=${driver}`,
    });
  }
  const [option] = Object.keys(options);
  if (option !== undefined) {
    throw new BerthError('refused-option', `Berth does not support the volume option "${option}" yet`, {
      option: `DriverOpts.${option}`,
    });
  }
}

function filterVolumes({ volumes }: Engine, filters: Filters): Volume[] {
  checkFilters(filters, ['dangling', 'driver', 'label', 'name']);
  const some = (name: string, holds: (value: string) => boolean) => {
    const values = filters[name];
    return values === undefined || values.length === 0 || values.some(holds);
  };
  return volumes
    .list()
    .filter(
      (volume) =>
        some('name', (value) => volume.Name.includes(value)) &&
        some('driver', (value) => volume.Driver === value) &&
        some(
          'dangling',
          (value) => (volumes.usersOf(volume.Name).length === 0) === ['true', '1'].includes(value),
        ) &&
        matchesLabels(volume.Labels ?? {}, filters.label),
    );
}

/** Removes volumes without users: those without a name, and with `all` the named ones too. */
async function prune(engine: Engine, filters: Filters) {
  checkFilters(filters, ['all', 'label', 'label!']);
  const { volumes, events } = engine;
  const all = (filters.all ?? []).some((value) => ['true', '1'].includes(value));
  const deleted: string[] = [];
  let bytes = 0;
  for (const volume of volumes.list()) {
    if (volumes.usersOf(volume.Name).length > 0) continue;
    if (!all && !volumes.isAnonymous(volume.Name)) continue;
    if (!pruneLabels(volume.Labels ?? {}, filters)) continue;
    const size = await engine.layers.size(volume.Mountpoint);
    try {
      await volumes.remove(volume.Name);
    } catch (error) {
      if (['volume-in-use', 'volume-not-found'].includes(asBerthError(error).code)) continue;
      throw error;
    }
    deleted.push(volume.Name);
    bytes += size;
  }
  events.publish('volume', 'prune', '', { reclaimed: String(bytes) });
  return { VolumesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: bytes };
}
