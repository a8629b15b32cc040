import type { Events } from '../events.ts';
import type { Container } from './container.ts';

/** Publishes a container's event with Docker's attributes: labels, image, name, and those of the action. */
export function publishContainer(
  events: Events,
  container: Container,
  action: string,
  attributes: Record<string, string> = {},
): void {
  events.publish('container', action, container.id, {
    ...(container.definition.config.Labels ?? {}),
    image: container.definition.config.Image,
    name: container.name,
    ...attributes,
  });
}
