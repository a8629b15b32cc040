import { BerthError } from '../errors.ts';
import type { Filters } from '../filters.ts';

/** The query of a request, read by Docker's rules. */
export class Query {
  readonly #values: URLSearchParams;
  constructor(values: URLSearchParams) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The first value; '' when it is absent. */
  text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  all(name: string): string[] {
    return this.#values.getAll(name);
  }

  /** Docker's booleans: everything but '', '0', 'no', 'false' and 'none' is true. */
  flag(name: string, fallback = false): boolean {
    const value = this.#values.get(name);
    if (value === null) return fallback;
    return !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
  }

  /** A decimal integer; undefined when absent or empty. Throws bad-parameter otherwise. */
  integer(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value === null || value === '') return undefined;
    if (!/^-?\d+$/.test(value)) {
      throw new BerthError(
        'bad-parameter',
        `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
        {
          name,
          value,
        },
      );
    }
    return Number(value);
  }

  /** `filters`: {"name": ["a"]} of today's clients and {"name": {"a": true}} of older ones. */
  filters(name = 'filters'): Filters {
    const value = this.#values.get(name);
    if (value === null || value === '') return {};
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      throw badFilter(value);
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw badFilter(value);
    const filters: Filters = {};
    for (const [key, entry] of Object.entries(parsed)) {
      if (Array.isArray(entry)) filters[key] = entry.map(String);
      else if (typeof entry === 'object' && entry !== null) {
        filters[key] = Object.entries(entry as Record<string, unknown>).flatMap(([text, set]) =>
          set === true ? [text] : [],
        );
      } else throw badFilter(value);
    }
    return filters;
  }
}

function badFilter(value: string): BerthError {
  return new BerthError('bad-filter', 'invalid filter', { filter: value });
}
