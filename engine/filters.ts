import { BerthError } from './errors.ts';

/** Values of filters as every list, prune and event call reads them: by name, alternatives. */
export type Filters = Record<string, string[]>;

/** Refuses filters that the call does not know, in Docker's words. */
export function checkFilters(filters: Filters, known: readonly string[]): void {
  for (const name of Object.keys(filters)) {
    if (!known.includes(name)) {
      throw new BerthError('bad-filter', `invalid filter '${name}'`, { filter: name });
    }
  }
}
