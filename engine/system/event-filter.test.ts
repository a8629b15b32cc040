import { expect, test } from 'vitest';
import type { EventMessage, EventType } from '../api/system.ts';
import { eventTest } from './event-filter.ts';

const event = (
  Type: EventType,
  Action: string,
  ID: string,
  Attributes: Record<string, string> = {},
): EventMessage => ({ Type, Action, Actor: { ID, Attributes }, scope: 'local', time: 0, timeNano: 0 });

const start = event('container', 'start', 'abc123', { name: 'web', image: 'nginx:1', team: 'a' });
const health = event('container', 'health_status: healthy', 'abc123', { name: 'web', image: 'nginx:1' });
const pull = event('image', 'pull', 'redis:7', { name: 'redis' });
const mount = event('volume', 'mount', 'data', { container: 'abc123' });

test.each([
  [{}, [start, health, pull, mount]],
  [{ type: ['container'] }, [start, health]],
  [{ event: ['start', 'pull'] }, [start, pull]],
  [{ event: ['health_status'] }, [health]],
  [{ event: ['health_status: healthy'] }, [health]],
  [{ container: ['web'] }, [start, health]],
  [{ container: ['/web'] }, [start, health]],
  [{ container: ['abc'] }, [start, health]],
  [{ container: ['other'] }, []],
  [{ image: ['nginx'] }, [start, health]],
  [{ image: ['redis'] }, [pull]],
  [{ volume: ['data'] }, [mount]],
  [{ label: ['team=a'] }, [start]],
  [{ label: ['team=b'] }, []],
  [{ type: ['container'], event: ['start'] }, [start]],
  [{ scope: ['swarm'] }, []],
])('%j', (filters, expected) => {
  expect([start, health, pull, mount].filter(eventTest(filters))).toEqual(expected);
});

test('an unknown filter is refused', () => {
  expect(() => eventTest({ colour: ['red'] })).toThrow("invalid filter 'colour'");
});
