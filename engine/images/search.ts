import type { RegistryAuth, SearchResult } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { searchRegistry } from '../registry/search.ts';
import { type Filters, flagFilter } from './filters.ts';
import type { ImageStoreParts } from './store.ts';

const mostResults = 100;
const known = new Set(['is-official', 'is-automated', 'stars']);

/** GET /images/search: `term` may begin with a registry, as in `localhost:5000/nginx`. */
export async function searchImages(
  parts: ImageStoreParts,
  options: { term: string; limit: number; filters: Filters; auth?: RegistryAuth; signal: AbortSignal },
): Promise<SearchResult[]> {
  const { limit, filters } = options;
  if (limit < 1 || limit > mostResults) {
    throw new BerthError('bad-parameter', `limit ${limit} is outside the range of [1, ${mostResults}]`, {
      name: 'limit',
      value: limit,
    });
  }
  for (const name of Object.keys(filters)) {
    if (!known.has(name)) throw new BerthError('bad-filter', `invalid filter '${name}'`, { filter: name });
  }
  const official = flagFilter(filters, 'is-official');
  const automated = flagFilter(filters, 'is-automated');
  const stars = leastStars(filters);
  const found = await searchRegistry({ ...options, registries: parts.registries });
  return found
    .filter((entry) => official === undefined || entry.is_official === official)
    .filter((entry) => automated === undefined || entry.is_automated === automated)
    .filter((entry) => entry.star_count >= stars)
    .slice(0, limit);
}

function leastStars(filters: Filters): number {
  const counts = (filters.stars ?? []).map((value) => {
    if (/^\d+$/.test(value)) return Number(value);
    throw new BerthError('bad-filter', `invalid filter 'stars=[${value}]'`, { filter: 'stars' });
  });
  return Math.max(0, ...counts);
}
