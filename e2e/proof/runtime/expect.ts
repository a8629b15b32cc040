import assert from 'node:assert/strict';
import { inspect, isDeepStrictEqual } from 'node:util';

/**
 * What the proofs of e2e/runtime/fields ask of vitest's expect, for a machine where vitest is not: machine.ts puts
 * this in its place.
 */

/** Stands for any string that contains it. */
class Containing {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function matches(value: unknown, wanted: unknown): boolean {
  if (wanted instanceof Containing) return typeof value === 'string' && value.includes(wanted.text);
  if (typeof wanted !== 'object' || wanted === null) return Object.is(value, wanted);
  if (Array.isArray(wanted)) return isDeepStrictEqual(value, wanted);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(wanted).every(([key, part]) =>
    matches((value as Record<string, unknown>)[key], part),
  );
}

function matchers(value: unknown, not: boolean) {
  const check = (holds: boolean, wanted: unknown) =>
    assert.ok(holds !== not, `${inspect(value)}${not ? ' must not be' : ' is not'} ${String(wanted)}`);
  const described = (wanted: unknown) => (wanted instanceof RegExp ? wanted : inspect(wanted));
  return {
    toBe: (wanted: unknown) => check(Object.is(value, wanted), described(wanted)),
    toEqual: (wanted: unknown) => check(isDeepStrictEqual(value, wanted), described(wanted)),
    toMatchObject: (wanted: unknown) => check(matches(value, wanted), described(wanted)),
    toContain: (wanted: string) => check((value as string | string[]).includes(wanted), wanted),
    toMatch: (wanted: RegExp | string) =>
      check(
        typeof wanted === 'string' ? String(value).includes(wanted) : wanted.test(String(value)),
        described(wanted),
      ),
  };
}

export const expect = Object.assign(
  (value: unknown) => ({ ...matchers(value, false), not: matchers(value, true) }),
  { stringContaining: (text: string) => new Containing(text) },
);
