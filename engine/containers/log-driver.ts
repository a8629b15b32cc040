import type { HostConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { CreateOptions } from '../runtime/runtime.ts';
import type { ContainerDefinition } from './definition.ts';
import { renderTag } from './log-tag.ts';

export const logDrivers = ['json-file', 'local', 'none'] as const;

/** Docker's defaults: five files of 20 MB for `local`; json-file is never rotated. */
const defaults = {
  local: { maxBytes: 20 * 1024 * 1024, maxFiles: 5 },
  'json-file': { maxBytes: 0, maxFiles: 1 },
};

const commonOptions = ['max-size', 'max-file', 'compress', 'mode', 'max-buffer-size'];
/** What adds `attrs` to the lines of json-file. */
const attributeOptions = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const knownOptions: Record<string, string[]> = {
  local: commonOptions,
  'json-file': [...commonOptions, ...attributeOptions],
};

const units: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

const refuse = (message: string, option: string) => new BerthError('bad-parameter', message, { option });

/** Checks the driver and its options in Docker's words, at create. Throws bad-parameter. */
export function checkLogConfig({ LogConfig }: HostConfig): void {
  const { Type: type = 'local', Config: options } = LogConfig ?? {};
  if (!logDrivers.some((driver) => driver === type)) {
    throw new BerthError('bad-parameter', `logger: no log driver named '${type}' is registered`, {
      driver: type,
    });
  }
  checkMode(options ?? {});
  // `none` takes no notice of options, as in Docker.
  if (type === 'none') return;
  for (const key of Object.keys(options ?? {})) {
    if (!knownOptions[type]?.includes(key)) {
      throw refuse(`unknown log opt '${key}' for ${type} log driver`, key);
    }
  }
  const { maxBytes, maxFiles } = limits(type, options ?? {});
  if (type === 'json-file' && isTrue(options?.compress) && (maxFiles < 2 || maxBytes === 0)) {
    throw refuse('compress cannot be true when max-file is less than 2 or max-size is not set', 'compress');
  }
  if (options?.tag) renderTag(options.tag, undefined);
}

/** What the shim is told of a container's log. */
export function planLog(definition: ContainerDefinition): CreateOptions['log'] {
  const { Type: type = 'local', Config: options } = definition.hostConfig.LogConfig ?? {};
  if (type === 'none') return { driver: 'none', maxBytes: 0, maxFiles: 0 };
  const { maxBytes, maxFiles } = limits(type, options ?? {});
  if (type !== 'json-file') return { driver: 'local', maxBytes, maxFiles };
  return { driver: 'json-file', maxBytes, maxFiles, attributes: attributesOf(definition, options ?? {}) };
}

function limits(type: string, options: Record<string, string>): { maxBytes: number; maxFiles: number } {
  const fallback = type === 'json-file' ? defaults['json-file'] : defaults.local;
  return {
    maxBytes: options['max-size'] ? parseSize('max-size', options['max-size']) : fallback.maxBytes,
    maxFiles: options['max-file'] ? parseCount(options['max-file']) : fallback.maxFiles,
  };
}

/**
 * Both modes are one here: the writer is a monitor that appends to a file and waits for nobody who reads it. So
 * `max-buffer-size`, Docker's bound for what waits for a slow driver, is checked and has nothing to bound.
 */
function checkMode(options: Record<string, string>): void {
  const { mode = '', 'max-buffer-size': buffer } = options;
  if (!['', 'blocking', 'non-blocking'].includes(mode)) {
    throw refuse(`logger: logging mode not supported: ${mode}`, 'mode');
  }
  if (buffer === undefined) return;
  if (mode !== 'non-blocking') {
    throw refuse(
      "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
      'max-buffer-size',
    );
  }
  parseSize('max-buffer-size', buffer);
}

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1';
}

function parseSize(option: string, text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?$/i.exec(text);
  const bytes =
    found === null ? 0 : Math.floor(Number(found[1]) * (units[(found[2] ?? '').toLowerCase()] ?? 1));
  if (bytes > 0) return bytes;
  throw refuse(`invalid size: '${text}'`, option);
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw refuse(`max-file must be a positive number: '${text}'`, 'max-file');
}

/** The labels and variables that were asked for by name or pattern, and the tag. */
function attributesOf(
  definition: ContainerDefinition,
  options: Record<string, string>,
): Record<string, string> {
  const { Labels, Env } = definition.config;
  const variables = (Env ?? []).map((line): [string, string] => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  const attributes = {
    ...chosen(Object.entries(Labels ?? {}), options.labels, options['labels-regex']),
    ...chosen(variables, options.env, options['env-regex']),
  };
  return options.tag ? { ...attributes, tag: renderTag(options.tag, definition) } : attributes;
}

function chosen(
  pairs: [string, string][],
  names: string | undefined,
  pattern: string | undefined,
): Record<string, string> {
  const wanted = (names ?? '').split(',').map((name) => name.trim());
  const matches = pattern ? new RegExp(pattern) : undefined;
  return Object.fromEntries(pairs.filter(([name]) => wanted.includes(name) || matches?.test(name)));
}
