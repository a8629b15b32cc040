import type { ImageConfig } from '../api/images.ts';
import { BerthError } from '../errors.ts';

/** Units of Go's durations, in nanoseconds. */
const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

const fields = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
} as const;

/** The rest of a HEALTHCHECK line of a Dockerfile: `[--interval=…] CMD …` or `NONE`. Throws bad-parameter. */
export function parseHealthcheck(text: string): NonNullable<ImageConfig['Healthcheck']> {
  let rest = text.trim();
  const health: NonNullable<ImageConfig['Healthcheck']> = {};
  for (let found = flag(rest); found !== null; found = flag(rest)) {
    const [whole, name = '', value = ''] = found;
    rest = rest.slice(whole.length);
    if (name === 'retries') health.Retries = count(value);
    else if (Object.hasOwn(fields, name)) health[fields[name as keyof typeof fields]] = duration(value);
    else throw invalid(`Unknown flag: ${name}`);
  }
  const [kind = ''] = rest.split(/\s/, 1);
  const command = rest.slice(kind.length).trim();
  if (kind.toUpperCase() === 'NONE' && command === '') return { Test: ['NONE'] };
  if (kind.toUpperCase() !== 'CMD') throw invalid(`Unknown type "${kind}" in HEALTHCHECK (try CMD)`);
  if (command === '') throw invalid('Missing command after HEALTHCHECK CMD');
  return { ...health, Test: testOf(command) };
}

const flag = (text: string) => /^--([a-z-]+)=(\S+)\s+/.exec(text);

/** JSON form is exec form, anything else is a line for the shell. */
function testOf(command: string): string[] {
  try {
    const words: unknown = JSON.parse(command);
    if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return ['CMD', ...words];
  } catch {
    // Not JSON: the shell form.
  }
  return ['CMD-SHELL', command];
}

function count(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw invalid(`--retries must be a whole number, not "${text}"`);
}

/** A Go duration, as in 1m30s or 500ms. */
function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw invalid(`time: invalid duration "${text}"`);
  }
  return Math.round(
    parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * (units[unit] ?? 0), 0),
  );
}

function invalid(message: string): BerthError {
  return new BerthError('bad-parameter', message, { parameter: 'HEALTHCHECK' });
}
