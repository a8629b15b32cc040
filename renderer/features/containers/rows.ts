import { type ContainerView, groupsOf, isUp } from '../../stores/container-state.ts';
import type { Preferences } from '../../stores/preferences.ts';

/** One row of the list: a group's heading or a container. */
export type Row =
  | {
      kind: 'group';
      key: string;
      title: string | undefined;
      subtitle?: string;
      views: ContainerView[];
      folded: boolean;
    }
  | { kind: 'container'; view: ContainerView; level: number; pinned: boolean };

export const rowId = (row: Row): string => (row.kind === 'group' ? `group:${row.key}` : row.view.id);
export const rowText = (row: Row): string => (row.kind === 'group' ? (row.title ?? '') : row.view.name);

const byName = (a: ContainerView, b: ContainerView) =>
  a.name.localeCompare(b.name, 'en', { numeric: true }) || a.id.localeCompare(b.id);

function compare(sort: Preferences['sort']): (a: ContainerView, b: ContainerView) => number {
  const by: Record<Preferences['sort']['column'], (a: ContainerView, b: ContainerView) => number> = {
    name: byName,
    state: (a, b) => a.condition.localeCompare(b.condition) || byName(a, b),
    since: (a, b) => (b.since?.atMs ?? 0) - (a.since?.atMs ?? 0) || byName(a, b),
  };
  const order = by[sort.column];
  return sort.descending ? (a, b) => order(b, a) : order;
}

/** Where a container stands in a grouped list; undefined is the group of the rest. */
function groupKey(view: ContainerView, groupBy: Preferences['groupBy']): string | undefined {
  return groupBy === 'image' ? view.image : view.project;
}

/**
 * Makes the list's rows: pinned ones first, then groups by name, the rest last. Without any group the list is
 * flat; a heading over everything would say nothing.
 */
export function makeRows(views: readonly ContainerView[], preferences: Preferences): Row[] {
  const order = compare(preferences.sort);
  const isPinned = (view: ContainerView) => preferences.pinned.includes(view.name);
  const sorted = [...views].sort(order);
  const toRow = (level: number) => (view: ContainerView) =>
    ({ kind: 'container', view, level, pinned: isPinned(view) }) as const;
  const pinned = sorted.filter(isPinned).map(toRow(1));
  const others = sorted.filter((view) => !isPinned(view));
  const { groupBy } = preferences;
  if (groupBy === 'none' || others.every((view) => groupKey(view, groupBy) === undefined))
    return [...pinned, ...others.map(toRow(1))];
  const groups = Map.groupBy(others, (view) => groupKey(view, groupBy));
  const keys = [...groups.keys()].sort((a, b) =>
    a === undefined || b === undefined
      ? Number(a === undefined) - Number(b === undefined)
      : a.localeCompare(b),
  );
  return [
    ...pinned,
    ...keys.flatMap((title): Row[] => {
      const members = groups.get(title) ?? [];
      const key = `${groupBy}:${title ?? ''}`;
      const folded = preferences.folded.includes(key);
      const file = groupBy === 'project' ? members[0]?.composeFile : undefined;
      const heading: Row = {
        kind: 'group',
        key,
        title,
        views: members,
        folded,
        ...(file === undefined ? {} : { subtitle: file }),
      };
      return [heading, ...(folded ? [] : members.map(toRow(2)))];
    }),
  ];
}

/** "6 of 7 running" and how many are in trouble. */
export function summarize(views: readonly ContainerView[]): {
  running: number;
  total: number;
  problems: number;
} {
  return {
    running: views.filter(isUp).length,
    total: views.length,
    problems: views.filter((view) => groupsOf(view).includes('problems')).length,
  };
}
