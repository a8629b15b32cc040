import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CreateRequest, CreateResponse } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import { makeDirectory, syncDirectory, writeJson, writeText } from '../store/json-file.ts';
import { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { initialState } from './container-state.ts';
import type { ContainerDefinition, DefinedMount } from './definition.ts';
import { checkHealthConfig } from './health-check.ts';
import { completeHostConfig } from './host-config.ts';
import { fitHostConfig } from './host-fit.ts';
import { mergeImageConfig } from './image-merge.ts';
import { checkNetworkMode, joinedReference, resolveModes } from './joined-namespaces.ts';
import { checkBindSources } from './mount-sources.ts';
import { anonymousVolume, parseBind, parseMount } from './mount-spec.ts';
import { checkContainerName, randomName } from './names.ts';
import type { ContainerParts } from './parts.ts';
import { refuseUnsupported } from './refusals.ts';
import { parseSignal } from './signals.ts';
import { fillVolumes } from './volume-fill.ts';

/** Makes a container. It is on disk when this resolves; on failure nothing of it stays. */
export async function createContainer(
  parts: ContainerParts,
  request: CreateRequest,
  options: { name: string },
): Promise<CreateResponse> {
  const id = randomBytes(32).toString('hex');
  const { registry } = parts;
  parts.runtime.warm();
  const name =
    options.name === ''
      ? randomName((candidate) => registry.isNameTaken(candidate))
      : checkContainerName(options.name);
  registry.reserveName(name, id);
  try {
    const { definition, warnings } = await define(parts, request, { id, name });
    await nameVolumes(parts, definition);
    const container = await store(parts, definition);
    await fill(parts, container);
    registry.add(container);
    publishContainer(parts.events, container, 'create');
    return { Id: id, Warnings: warnings };
  } catch (error) {
    registry.releaseName(name, id);
    throw error;
  }
}

async function define(
  parts: ContainerParts,
  request: CreateRequest,
  options: { id: string; name: string },
): Promise<{ definition: ContainerDefinition; warnings: string[] }> {
  const { HostConfig: askedHost, NetworkingConfig: networking, ...asked } = request;
  const complete = completeHostConfig(askedHost ?? {}, { ...parts.defaults, ...parts.host });
  refuseUnsupported(complete);
  const { hostConfig: fitting, warnings } = fitHostConfig(complete, parts.limits);
  const hostConfig = resolveModes(parts, fitting);
  hostConfig.NetworkMode = networkName(parts, hostConfig.NetworkMode);
  checkNetworkMode(asked, hostConfig);
  if (!asked.Image)
    throw new BerthError('bad-parameter', 'config cannot be empty in order to create a container');
  const image = await parts.images.resolve(asked.Image);
  const config = { ...mergeImageConfig(asked, image.config), Image: asked.Image };
  checkConfig(config);
  if (!config.Hostname && hostConfig.UTSMode !== 'host') {
    Object.assign(config, hostNames(parts, hostConfig.NetworkMode, options.id));
  }
  const mounts = defineMounts(parts, { hostConfig, volumes: Object.keys(config.Volumes ?? {}) });
  await checkBindSources(parts, mounts);
  const endpoints: ContainerDefinition['endpoints'] = {};
  if (joinedReference(hostConfig.NetworkMode) === undefined) endpoints[hostConfig.NetworkMode] = {};
  for (const [network, endpoint] of Object.entries(networking?.EndpointsConfig ?? {})) {
    endpoints[networkName(parts, network)] = endpoint ?? {};
  }
  const definition: ContainerDefinition = {
    format: 1,
    ...options,
    created: new Date().toISOString(),
    imageId: image.id,
    layers: image.layers,
    config,
    hostConfig,
    endpoints,
    mounts,
  };
  return { definition, warnings };
}

/** The name of a network that is named by its id; one that is not there is missed at the start, as in Docker. */
function networkName(parts: ContainerParts, reference: string): string {
  if (reference === 'default') return 'bridge';
  if (joinedReference(reference) !== undefined) return reference;
  const found = parts.networks.list().find(({ Id, Name }) => Name === reference || Id === reference);
  return found?.Name ?? reference;
}

/** The names of a container that was given none: the machine's with its network, another container's with that one's. */
function hostNames(
  parts: ContainerParts,
  networkMode: string,
  id: string,
): Pick<ContainerDefinition['config'], 'Hostname' | 'Domainname'> {
  const shared = joinedReference(networkMode);
  if (shared === undefined) return { Hostname: networkMode === 'host' ? parts.hostname() : id.slice(0, 12) };
  const { Hostname = '', Domainname = '' } = parts.registry.get(shared).definition.config;
  return { Hostname, Domainname };
}

function checkConfig(config: ContainerDefinition['config']): void {
  if ((config.Cmd ?? []).length === 0 && (config.Entrypoint ?? []).length === 0) {
    throw new BerthError('no-command', 'no command specified');
  }
  if (config.WorkingDir && !config.WorkingDir.startsWith('/')) {
    throw new BerthError(
      'bad-parameter',
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
      { workingDir: config.WorkingDir },
    );
  }
  for (const entry of config.Env ?? []) {
    if (entry === '' || entry.startsWith('=')) {
      throw new BerthError('bad-parameter', `invalid environment variable: ${entry}`, { variable: entry });
    }
  }
  if (config.Healthcheck) checkHealthConfig(config.Healthcheck);
  if (config.StopSignal) parseSignal(config.StopSignal);
}

/** Everything that is mounted: what is asked for, what other containers give, and the image's volumes. */
function defineMounts(
  parts: ContainerParts,
  options: { hostConfig: ContainerDefinition['hostConfig']; volumes: string[] },
): DefinedMount[] {
  const { hostConfig, volumes } = options;
  const mounts = new Map<string, DefinedMount>();
  for (const source of hostConfig.VolumesFrom ?? []) {
    const [reference = '', mode = ''] = source.split(':');
    for (const mount of parts.registry.get(reference).definition.mounts) {
      const readOnly = mount.readOnly || mode.split(',').includes('ro');
      mounts.set(mount.destination, { ...mount, readOnly, anonymous: false });
    }
  }
  const own = new Set(Object.keys(hostConfig.Tmpfs ?? {}));
  const add = (mount: DefinedMount) => {
    if (own.has(mount.destination)) {
      throw new BerthError('bad-parameter', `Duplicate mount point: ${mount.destination}`, {
        path: mount.destination,
      });
    }
    own.add(mount.destination);
    mounts.set(mount.destination, mount);
  };
  for (const bind of hostConfig.Binds ?? []) add(parseBind(bind));
  for (const request of hostConfig.Mounts ?? []) {
    const mount = parseMount(request);
    if (mount === undefined) own.add(request.Target);
    else add(mount);
  }
  for (const destination of volumes) {
    if (!own.has(destination) && !mounts.has(destination)) {
      mounts.set(destination, anonymousVolume(destination));
    }
  }
  return [...mounts.values()].sort((a, b) => (a.destination < b.destination ? -1 : 1));
}

/** Volumes exist from the container's creation on, as in Docker; those without a name are given one. */
async function nameVolumes(parts: ContainerParts, definition: ContainerDefinition): Promise<void> {
  for (const mount of definition.mounts) {
    if (mount.type !== 'volume') continue;
    const volume = await parts.volumes.ensure({
      ...(mount.name === undefined ? {} : { name: mount.name }),
      anonymous: mount.anonymous,
      labels: mount.labels ?? null,
    });
    mount.name = volume.Name;
  }
}

/** A container whose volumes could not be filled is not made. */
async function fill(parts: ContainerParts, container: Container): Promise<void> {
  try {
    await fillVolumes(parts, container);
  } catch (error) {
    await parts.layers.discard(container.files.dir);
    throw error;
  }
}

async function store(parts: ContainerParts, definition: ContainerDefinition): Promise<Container> {
  const files = parts.files.container(definition.id);
  const half = join(parts.files.tmp, `container.${definition.id}`);
  const inHalf = (path: string) => join(half, path.slice(files.dir.length + 1));
  try {
    await mkdir(half, { mode: 0o711 });
    for (const path of [files.bundle, files.log]) makeDirectory(inHalf(path), 0o700);
    for (const path of [files.upper, files.work]) makeDirectory(inHalf(path), 0o755);
    const state = initialState();
    await writeText(join(half, basename(files.hostname)), `${definition.config.Hostname ?? ''}\n`, {
      durable: false,
      mode: 0o644,
    });
    await writeJson(join(half, basename(files.state)), state, { durable: false });
    await writeJson(join(half, basename(files.definition)), definition, { durable: true });
    await rename(half, files.dir);
    await syncDirectory(parts.files.containers);
    return new Container({ definition, state, files });
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    throw error;
  }
}
