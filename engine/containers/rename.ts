import { BerthError } from '../errors.ts';
import { writeJson } from '../store/json-file.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { checkContainerName } from './names.ts';
import type { ContainerParts } from './parts.ts';

/** Gives a container another name, durable when this resolves. */
export async function renameContainer(
  parts: ContainerParts,
  container: Container,
  given: string,
): Promise<void> {
  if (given === '') throw new BerthError('bad-name', 'Neither old nor new names may be empty', { name: '' });
  const name = checkContainerName(given);
  await container.serial(async () => {
    const oldName = container.name;
    if (oldName === name) {
      throw new BerthError('bad-name', 'Renaming a container with the same name as its current name', {
        name,
      });
    }
    parts.registry.reserveName(name, container.id);
    const definition = { ...container.definition, name };
    try {
      await writeJson(container.files.definition, definition, { durable: true });
    } catch (error) {
      parts.registry.releaseName(name, container.id);
      throw error;
    }
    container.definition = definition;
    parts.registry.releaseName(oldName, container.id);
    parts.networks.rename(container.id, { from: oldName, to: name });
    publishContainer(parts.events, container, 'rename', { oldName: `/${oldName}` });
  });
}
