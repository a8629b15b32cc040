import { asBerthError, BerthError } from '../errors.ts';
import { checkFilters, type Filters } from '../filters.ts';
import type { Container } from './container.ts';
import { matchesLabels } from './label-filter.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ContainerParts } from './parts.ts';
import { removeContainer } from './remove.ts';

/** Docker's `until` of prune: a time, or a length of time back from now, in milliseconds since the epoch. */
export function pruneUntil(filters: Filters): number | undefined {
  const text = filters.until?.[0];
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parsed = Date.parse(text);
  if (!Number.isNaN(parsed)) return parsed;
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new BerthError('bad-filter', `invalid filter 'until=${text}'`, { filter: `until=${text}` });
  }
  return Date.now() - parts.reduce((sum, [, n, unit]) => sum + Number(n) * (units[unit ?? 's'] ?? 0), 0);
}

/** The label rules of prune: `label` must hold, `label!` must not. */
export function pruneLabels(labels: Record<string, string>, filters: Filters): boolean {
  const without = filters['label!'] ?? [];
  return matchesLabels(labels, filters.label) && !without.some((filter) => matchesLabels(labels, [filter]));
}

/** Removes all containers that do not run. */
export async function pruneContainers(
  parts: ContainerParts,
  lifecycle: Lifecycle,
  filters: Filters,
): Promise<{ ContainersDeleted: string[] | null; SpaceReclaimed: number }> {
  checkFilters(filters, ['label', 'label!', 'until']);
  const until = pruneUntil(filters);
  const rests = (container: Container) =>
    !container.running &&
    !container.removing &&
    pruneLabels(container.definition.config.Labels ?? {}, filters) &&
    (until === undefined || Date.parse(container.definition.created) < until);
  const deleted: string[] = [];
  let bytes = 0;
  for (const container of parts.registry.all().filter(rests)) {
    const size = await parts.layers.size(container.files.upper);
    try {
      await removeContainer(parts, lifecycle, container, { force: false, volumes: false });
    } catch (error) {
      // Started or removed by another request meanwhile.
      if (asBerthError(error).kind === 'conflict') continue;
      throw error;
    }
    deleted.push(container.id);
    bytes += size;
  }
  parts.events.publish('container', 'prune', '', { reclaimed: String(bytes) });
  return { ContainersDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: bytes };
}
