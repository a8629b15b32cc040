import { BerthError } from '../errors.ts';
import { createdSeconds, findImage } from './find.ts';
import type { StoredImage } from './image-records.ts';
import { familiarName } from './reference.ts';
import { type ImageName, isDigest, showName } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

export type Filters = Record<string, string[]>;

const listFilters = new Set(['dangling', 'label', 'before', 'since', 'reference', 'until']);
const pruneFilters = new Set(['dangling', 'label', 'label!', 'until']);

/** Throws bad-filter in Docker's words for a filter that the call does not know. */
export function checkFilters(filters: Filters, call: 'list' | 'prune'): void {
  const known = call === 'list' ? listFilters : pruneFilters;
  for (const name of Object.keys(filters)) {
    if (!known.has(name)) throw badFilter(`invalid filter '${name}'`, name);
  }
}

function badFilter(message: string, name: string): BerthError {
  return new BerthError('bad-filter', message, { filter: name });
}

/** A boolean filter; undefined when it is not given. */
export function flagFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters[name];
  if (values === undefined || values.length === 0) return undefined;
  const truths = values.map((value) => {
    if (['1', 't', 'true', 'T', 'TRUE', 'True'].includes(value)) return true;
    if (['0', 'f', 'false', 'F', 'FALSE', 'False'].includes(value)) return false;
    throw badFilter(`invalid filter '${name}=[${values.join(' ')}]'`, name);
  });
  return truths.some(Boolean);
}

/** Images (with the names that are left of them) that pass. */
export function filterImages(
  parts: ImageStoreParts,
  images: StoredImage[],
  filters: Filters,
): { image: StoredImage; names: ImageName[] }[] {
  const dangling = flagFilter(filters, 'dangling');
  const before = boundary(parts, filters.before, Math.min, Number.POSITIVE_INFINITY);
  const since = boundary(parts, filters.since, Math.max, Number.NEGATIVE_INFINITY);
  const until = untilSeconds(filters);
  return images.flatMap((image) => {
    const created = createdSeconds(image.file.created);
    if (created >= before || created <= since || created >= until) return [];
    if (!hasLabels(image, filters.label ?? [])) return [];
    const names = parts.references.namesOf(image.id);
    const tagged = names.some((name) => !isDigest(name));
    if (dangling !== undefined && dangling === tagged) return [];
    const patterns = filters.reference ?? [];
    if (patterns.length === 0) return [{ image, names }];
    const matching = names.filter((name) => patterns.some((pattern) => matches(pattern, name)));
    return matching.length > 0 ? [{ image, names: matching }] : [];
  });
}

function boundary(
  parts: ImageStoreParts,
  values: string[] | undefined,
  choose: (a: number, b: number) => number,
  none: number,
): number {
  return (values ?? [])
    .map((value) => createdSeconds(findImage(parts, value).file.created))
    .reduce(choose, none);
}

/** `until`: a date, seconds since the epoch, or a Go duration before now. */
export function untilSeconds(filters: Filters): number {
  const value = filters.until?.[0];
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.length > 0 && parts.map(([text]) => text).join('') === value) {
    const unit = { h: 3600, m: 60, s: 1 } as const;
    const seconds = parts.reduce(
      (sum, [, count, name]) => sum + Number(count) * unit[name as 'h' | 'm' | 's'],
      0,
    );
    return Date.now() / 1000 - seconds;
  }
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) {
    throw badFilter(`failed to parse value as time or duration: ${JSON.stringify(value)}`, 'until');
  }
  return ms / 1000;
}

/** Every `label=key` or `label=key=value` is there. */
export function hasLabels(image: StoredImage, wanted: string[]): boolean {
  const labels = image.config.Labels ?? {};
  return wanted.every((text) => {
    const at = text.indexOf('=');
    if (at < 0) return Object.hasOwn(labels, text);
    return labels[text.slice(0, at)] === text.slice(at + 1);
  });
}

/** `reference` filters: a shell pattern against the familiar name, with or without its tag. */
function matches(pattern: string, name: ImageName): boolean {
  const expression = glob(pattern);
  return expression.test(showName(name)) || expression.test(familiarName(name.repository));
}

function glob(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 1);
      if (end < 0) throw badFilter('syntax error in pattern', 'reference');
      source += pattern.slice(at, end + 1).replace(/^\[\^?/, (head) => (head === '[^' ? '[^' : '['));
      at = end;
    } else source += char.replace(/[.+^$(){}|\\]/, '\\$&');
  }
  return new RegExp(`^${source}$`);
}
