import { posix } from 'node:path';
import type { MountRequest } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { DefinedMount } from './definition.ts';

/** Parses `-v` and `--mount` requests into what a container's definition keeps. Pure: no volume is made here. */

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];
const consistencies = ['consistent', 'cached', 'delegated', 'default'];
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

const invalid = (message: string, params: Record<string, string> = {}) =>
  new BerthError('bad-parameter', message, params);

/** Parses one `source:destination[:mode]`, or a lone destination (an anonymous volume). */
export function parseBind(text: string): DefinedMount {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part) => part === '')) {
    throw invalid(`invalid volume specification: '${text}'`, { volume: text });
  }
  if (parts.length === 1) return anonymousVolume(cleanDestination(parts[0] ?? '', text));
  const [source = '', target = '', mode = ''] = parts;
  const options = parseMode(mode);
  const destination = cleanDestination(target, text);
  const common = { destination, readOnly: options.readOnly, mode, recursive: true, anonymous: false };
  if (source.startsWith('/')) {
    return {
      ...common,
      type: 'bind',
      source: posix.normalize(source).replace(/(.)\/$/, '$1'),
      propagation: options.propagation ?? 'rprivate',
      createSource: true,
      copyUp: false,
    };
  }
  checkVolumeName(source);
  return {
    ...common,
    type: 'volume',
    name: source,
    mode: mode === '' ? 'z' : mode,
    propagation: '',
    createSource: false,
    copyUp: options.copy,
  };
}

/** A volume without a name, as of an image's VOLUME; its name is given when the container is made. */
export function anonymousVolume(destination: string): DefinedMount {
  return {
    type: 'volume',
    destination,
    readOnly: false,
    mode: '',
    propagation: '',
    recursive: true,
    createSource: false,
    copyUp: true,
    anonymous: true,
  };
}

export function checkVolumeName(name: string): void {
  if (volumeName.test(name)) return;
  throw new BerthError(
    'bad-name',
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    { name },
  );
}

function parseMode(mode: string): { readOnly: boolean; copy: boolean; propagation?: string } {
  const options: { readOnly: boolean; copy: boolean; propagation?: string } = { readOnly: false, copy: true };
  for (const word of mode === '' ? [] : mode.split(',')) {
    if (word === 'ro') options.readOnly = true;
    else if (word === 'nocopy') options.copy = false;
    else if (propagations.includes(word)) options.propagation = word;
    else if (!['rw', 'z', 'Z', ...consistencies].includes(word)) {
      throw invalid(`invalid mode: ${mode}`, { mode });
    }
  }
  return options;
}

function cleanDestination(target: string, spec: string): string {
  if (!target.startsWith('/')) {
    throw invalid(
      `invalid volume specification: '${spec}': invalid mount config for type "volume": invalid mount path: '${target}' mount path must be absolute`,
      { volume: spec },
    );
  }
  const destination = posix.normalize(target).replace(/(.)\/$/, '$1');
  if (destination === '/') {
    throw invalid(
      `invalid volume specification: '${spec}': invalid specification: destination can't be '/'`,
      {
        volume: spec,
      },
    );
  }
  return destination;
}

/** Parses one entry of HostConfig.Mounts; undefined for a tmpfs, which the runtime reads by itself. */
export function parseMount(request: MountRequest): DefinedMount | undefined {
  const type = request.Type || 'bind';
  if (type === 'tmpfs') {
    checkMountOptions(type, request);
    return undefined;
  }
  if (type !== 'bind' && type !== 'volume') {
    throw new BerthError('refused-option', `mount type unknown: "${type}"`, {
      option: `Mounts.Type=${type}`,
    });
  }
  const wrong = (what: string) =>
    invalid(`invalid mount config for type "${type}": ${what}`, { target: request.Target });
  if (request.Target === '') throw wrong('field Target must not be empty');
  if (!request.Target.startsWith('/')) {
    throw wrong(`invalid mount path: '${request.Target}' mount path must be absolute`);
  }
  const destination = posix.normalize(request.Target).replace(/(.)\/$/, '$1');
  if (destination === '/') throw wrong("invalid specification: destination can't be '/'");
  checkMountOptions(type, request);
  const common = { destination, readOnly: request.ReadOnly ?? false, createSource: false };
  if (type === 'volume') return volumeMount(request, common);
  const source = request.Source ?? '';
  if (source === '') throw wrong('field Source must not be empty');
  if (!source.startsWith('/')) throw wrong(`invalid mount path: '${source}' mount path must be absolute`);
  return {
    ...common,
    type,
    source: posix.normalize(source).replace(/(.)\/$/, '$1'),
    mode: '',
    propagation: request.BindOptions?.Propagation || 'rprivate',
    recursive: request.BindOptions?.NonRecursive !== true,
    ...(request.BindOptions?.ReadOnlyNonRecursive ? { flatReadOnly: true } : {}),
    createSource: request.BindOptions?.CreateMountpoint ?? false,
    copyUp: false,
    anonymous: false,
  };
}

const optionsOf = { bind: 'BindOptions', volume: 'VolumeOptions', tmpfs: 'TmpfsOptions' } as const;

/** Options of another type of mount would be dropped in silence. */
function checkMountOptions(type: keyof typeof optionsOf, request: MountRequest): void {
  for (const [other, field] of Object.entries(optionsOf)) {
    const options = request[field];
    if (other === type || !options || Object.keys(options).length === 0) continue;
    throw invalid(`invalid mount config for type "${type}": field ${field} must not be specified`, {
      target: request.Target,
    });
  }
}

function volumeMount(
  request: MountRequest,
  common: Pick<DefinedMount, 'destination' | 'readOnly' | 'createSource'>,
): DefinedMount {
  const options = request.VolumeOptions;
  const driver = options?.DriverConfig?.Name ?? '';
  if (driver !== '' && driver !== 'local') {
    throw new BerthError('refused-option', `Berth has no volume driver "${driver}"`, {
      option: 'Mounts.VolumeOptions.DriverConfig',
    });
  }
  const [option] = Object.keys(options?.DriverConfig?.Options ?? {});
  if (option !== undefined) {
    throw new BerthError('refused-option', `Berth does not support the volume option "${option}" yet`, {
      option: `Mounts.VolumeOptions.DriverConfig.Options.${option}`,
    });
  }
  const name = request.Source ?? '';
  if (name !== '') checkVolumeName(name);
  const subpath = options?.Subpath;
  return {
    ...common,
    type: 'volume',
    ...(name === '' ? {} : { name }),
    mode: 'z',
    propagation: '',
    recursive: true,
    copyUp: options?.NoCopy !== true,
    anonymous: name === '',
    ...(subpath ? { subpath } : {}),
    ...(options?.Labels && Object.keys(options.Labels).length > 0 ? { labels: options.Labels } : {}),
  };
}
