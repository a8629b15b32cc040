import type { ImageConfig } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { parseHealthcheck } from './healthcheck.ts';

/** Applies Dockerfile lines (`--change` of import and commit) to an image's config. Throws bad-parameter. */
export function applyChanges(config: ImageConfig, changes: string[]): ImageConfig {
  let changed = structuredClone(config);
  for (const line of changes) {
    const found = /^\s*([A-Za-z]+)\s+([\s\S]*\S)\s*$/.exec(line);
    const apply = found === null ? undefined : instructions[found[1]!.toUpperCase()];
    if (found === null || apply === undefined) {
      throw new BerthError(
        'bad-parameter',
        `${found?.[1]?.toLowerCase() ?? line} is not a valid change command`,
        {
          change: line,
        },
      );
    }
    changed = { ...changed, ...apply(found[2]!, changed) };
  }
  return changed;
}

type Instruction = (value: string, config: ImageConfig) => Partial<ImageConfig>;

const instructions: Record<string, Instruction> = {
  CMD: (value) => ({ Cmd: command(value) }),
  ENTRYPOINT: (value) => ({ Entrypoint: command(value) }),
  ENV: (value, config) => ({ Env: setVariables(config.Env ?? [], pairs(value)) }),
  EXPOSE: (value, config) => ({
    ExposedPorts: {
      ...config.ExposedPorts,
      ...Object.fromEntries(
        value.split(/\s+/).map((port) => [port.includes('/') ? port : `${port}/tcp`, {}]),
      ),
    },
  }),
  HEALTHCHECK: (value) => ({ Healthcheck: parseHealthcheck(value) }),
  LABEL: (value, config) => ({ Labels: { ...config.Labels, ...Object.fromEntries(pairs(value)) } }),
  ONBUILD: (value, config) => ({ OnBuild: [...(config.OnBuild ?? []), value] }),
  STOPSIGNAL: (value) => ({ StopSignal: value }),
  USER: (value) => ({ User: value }),
  VOLUME: (value, config) => ({
    Volumes: {
      ...config.Volumes,
      ...Object.fromEntries((jsonList(value) ?? value.split(/\s+/)).map((path) => [path, {}])),
    },
  }),
  WORKDIR: (value, config) => ({
    WorkingDir: value.startsWith('/') ? value : `${config.WorkingDir ?? ''}/${value}`,
  }),
};

/** JSON form is exec form, anything else is a line for the shell. */
function command(value: string): string[] {
  return jsonList(value) ?? ['/bin/sh', '-c', value];
}

function jsonList(value: string): string[] | undefined {
  try {
    const parsed = JSON.parse(value) as unknown;
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed as string[];
  } catch {
    // Not JSON: the shell form.
  }
  return undefined;
}

/** `A=1 B="two words"`, or the old form `A one value`. */
function pairs(value: string): [string, string][] {
  const words = [...value.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g)].map(([word]) => word);
  if (!words[0]?.includes('=')) {
    const space = value.search(/\s/);
    return space < 0 ? [[value, '']] : [[value.slice(0, space), value.slice(space).trim()]];
  }
  return words.map((word) => {
    const at = word.indexOf('=');
    if (at < 0)
      throw new BerthError('bad-parameter', `Syntax error - can't find = in "${word}"`, { change: value });
    return [unquote(word.slice(0, at)), unquote(word.slice(at + 1))];
  });
}

function unquote(text: string): string {
  return text.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
    (_, double?: string, single?: string, escaped?: string) =>
      double !== undefined ? double.replace(/\\(.)/g, '$1') : (single ?? escaped ?? ''),
  );
}

function setVariables(environment: string[], set: [string, string][]): string[] {
  const result = [...environment];
  for (const [name, value] of set) {
    const at = result.findIndex((line) => line.startsWith(`${name}=`));
    if (at >= 0) result[at] = `${name}=${value}`;
    else result.push(`${name}=${value}`);
  }
  return result;
}
