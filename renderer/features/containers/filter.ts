import { type ContainerGroup, type ContainerView, groupsOf } from '../../stores/container-state.ts';

/** A parsed filter: every part must hold. */
export interface Filter {
  words: string[];
  fields: { field: Field; value: string }[];
}

const fieldNames = ['image', 'port', 'label', 'state'] as const;
type Field = (typeof fieldNames)[number];

/** Reads words and `field:value` parts; the colon may be Chinese full-width, a value may stand in quotes. */
export function parseFilter(text: string): Filter {
  const filter: Filter = { words: [], fields: [] };
  for (const [, field, quoted, plain] of text.matchAll(/(?:(\p{L}+)[:：])?(?:"([^"]*)"?|(\S+))/gu)) {
    const value = (quoted ?? plain ?? '').toLowerCase();
    const known = fieldNames.find((name) => name === field?.toLowerCase());
    if (known) filter.fields.push({ field: known, value });
    else filter.words.push((field === undefined ? '' : `${field.toLowerCase()}:`) + value);
  }
  return filter;
}

function labelMatches(labels: Record<string, string>, value: string): boolean {
  return Object.entries(labels).some(([key, label]) => `${key}=${label}`.toLowerCase().includes(value));
}

const fieldMatches: Record<Field, (view: ContainerView, value: string, stateWord: string) => boolean> = {
  image: (view, value) => view.image.toLowerCase().includes(value),
  port: (view, value) =>
    view.ports.some(({ port, containerPort }) => String(port) === value || String(containerPort) === value),
  label: (view, value) => labelMatches(view.labels, value),
  state: (view, value, stateWord) => view.condition.startsWith(value) || stateWord.startsWith(value),
};

/** True when the container has every part; `stateWord` is its state in the page's language. */
export function matches(filter: Filter, view: ContainerView, stateWord: string): boolean {
  const text = `${view.name} ${view.image} ${view.project ?? ''} ${view.id.slice(0, 12)}`.toLowerCase();
  return (
    filter.words.every((word) => text.includes(word)) &&
    filter.fields.every(({ field, value }) => fieldMatches[field](view, value, stateWord.toLowerCase()))
  );
}

export type Chip = 'all' | ContainerGroup;
export const chips: readonly Chip[] = ['all', 'running', 'problems', 'paused', 'stopped'];

/** How many containers each chip would show. */
export function countChips(views: Iterable<ContainerView>): Record<Chip, number> {
  const counts: Record<Chip, number> = { all: 0, running: 0, problems: 0, paused: 0, stopped: 0 };
  for (const view of views) {
    counts.all++;
    for (const group of groupsOf(view)) counts[group]++;
  }
  return counts;
}
