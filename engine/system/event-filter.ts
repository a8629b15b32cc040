import type { EventMessage } from '../api/system.ts';
import { matchesLabels } from '../containers/label-filter.ts';
import { checkFilters, type Filters } from '../filters.ts';

const known = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

/** A predicate of the filters of GET /events: values of one name are alternatives, names must all hold. */
export function eventTest(filters: Filters): (message: EventMessage) => boolean {
  checkFilters(filters, known);
  const some = (name: string, holds: (value: string) => boolean) => {
    const values = filters[name];
    return values === undefined || values.length === 0 || values.some(holds);
  };
  return (message) => {
    const { Actor, Action, Type } = message;
    const actor = (type: string) => (value: string) =>
      Type === type && (Actor.ID.startsWith(value) || Actor.Attributes.name === value.replace(/^\//, ''));
    return (
      // `exec_start` finds "exec_start: sh -c …", `health_status` its two outcomes.
      some('event', (value) => Action === value || Action.startsWith(`${value}:`)) &&
      some('type', (value) => Type === value) &&
      some('scope', (value) => message.scope === value) &&
      matchesLabels(Actor.Attributes, filters.label) &&
      some('container', actor('container')) &&
      some('volume', (value) => Type === 'volume' && Actor.ID === value) &&
      some('network', actor('network')) &&
      some('daemon', actor('daemon')) &&
      some('image', (value) => imageMatches(message, value))
    );
  };
}

/** An image's own events, and those of containers made from it; a name without a tag means any tag. */
function imageMatches({ Type, Actor }: EventMessage, value: string): boolean {
  const names = Type === 'image' ? [Actor.ID, Actor.Attributes.name ?? ''] : [Actor.Attributes.image ?? ''];
  return names.some((name) => name === value || name.replace(/:[^/:]*$/, '') === value);
}
