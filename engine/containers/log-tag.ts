import { BerthError } from '../errors.ts';
import type { ContainerDefinition } from './definition.ts';

const shortIdLength = 12;

/** The words of Docker's tag templates that name a container. */
const words: Record<string, (definition: ContainerDefinition) => string> = {
  ID: ({ id }) => id.slice(0, shortIdLength),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ imageId }) => imageId.replace(/^sha256:/, '').slice(0, shortIdLength),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ config }) => config.Image,
  Command: ({ config }) => [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' '),
  DaemonName: () => 'docker',
};

/**
 * A tag such as `{{.ImageName}}/{{.Name}}`, filled in; checked alone without a definition. Only the words above are
 * known, none of the other things that a template of Go may hold: bad-parameter with the first that is not.
 */
export function renderTag(template: string, definition: ContainerDefinition | undefined): string {
  return template.replaceAll(/\{\{(.*?)\}\}/g, (_whole, expression: string) => {
    const word = words[/^\s*\.(\w+)\s*$/.exec(expression)?.[1] ?? ''];
    if (word === undefined) {
      throw new BerthError('bad-parameter', `log opt tag: {{${expression}}} is not known`, { option: 'tag' });
    }
    return definition === undefined ? '' : word(definition);
  });
}
