import { appendFile, writeFile } from 'node:fs/promises';
import type { EndpointConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import { writeJson } from '../store/json-file.ts';
import type { Container } from './container.ts';
import type { ContainerDefinition } from './definition.ts';
import { attachRequest, networksOf } from './endpoints.ts';
import { joinedReference } from './joined-namespaces.ts';
import { resolvConf } from './name-files.ts';
import { publishNetworks } from './part-events.ts';
import type { ContainerParts } from './parts.ts';

/** Puts a container on one more network: at once where it runs, and from its next start on. Durable when this resolves. */
export async function connectContainer(
  parts: ContainerParts,
  container: Container,
  request: { network: string; endpoint: EndpointConfig },
): Promise<void> {
  const network = parts.networks.get(request.network).Name;
  await container.serial(async () => {
    const { definition } = container;
    checkConnectable(definition, network);
    const endpoints = { ...definition.endpoints, [network]: request.endpoint };
    const { withoutNetwork: _none, ...rest } = definition;
    const changed: ContainerDefinition = { ...rest, endpoints };
    const before = container.definition;
    container.definition = changed;
    try {
      if (container.run !== undefined) await connectRunning(parts, container, network);
      await writeJson(container.files.definition, changed, { durable: true });
    } catch (error) {
      container.definition = before;
      throw error;
    }
  });
}

function checkConnectable(definition: ContainerDefinition, network: string): void {
  const mode = definition.hostConfig.NetworkMode;
  const invalid = (message: string) => new BerthError('bad-parameter', message, { network });
  if (joinedReference(mode) !== undefined || mode === 'host' || network === 'host') {
    throw invalid(
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  }
  const present = networksOf(definition);
  if (present.includes(network)) {
    throw invalid(`endpoint with name ${definition.name} already exists in network ${network}`);
  }
  if (present.includes('none') || network === 'none') {
    throw invalid(
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    );
  }
}

async function connectRunning(parts: ContainerParts, container: Container, network: string): Promise<void> {
  const pid = container.run?.shim.pid ?? 0;
  const endpoint = await parts.networks.attach(attachRequest(parts, container, { network, pid }));
  const endpoints = { ...container.state.endpoints, [network]: endpoint };
  await container.change({ endpoints });
  const { Hostname: name = '' } = container.definition.config;
  // Both files are bound into the container: they are written in place.
  if (endpoint.ipv4Address !== '')
    await appendFile(container.files.hosts, `${endpoint.ipv4Address}\t${name}\n`);
  await writeFile(container.files.resolvConf, resolvConf(parts, container));
  publishNetworks(parts, container, { action: 'connect', endpoints: { [network]: endpoint } });
}

/** Takes a container from a network. Durable when this resolves. */
export async function disconnectContainer(
  parts: ContainerParts,
  container: Container,
  request: { network: string },
): Promise<void> {
  const network = parts.networks.get(request.network).Name;
  await container.serial(async () => {
    const { definition } = container;
    const present = networksOf(definition);
    if (!present.includes(network)) {
      const text = `container ${container.id} is not connected to network ${network}`;
      throw new BerthError('bad-parameter', text, { id: container.id, network });
    }
    if (network === 'host') {
      throw new BerthError('bad-parameter', 'container cannot be disconnected from host network', {
        network,
      });
    }
    const { [network]: _left, ...endpoints } = definition.endpoints;
    const isLast = present.length === 1;
    const changed: ContainerDefinition = {
      ...definition,
      endpoints,
      ...(isLast ? { withoutNetwork: true } : {}),
    };
    await writeJson(container.files.definition, changed, { durable: true });
    container.definition = changed;
    if (container.run !== undefined) await disconnectRunning(parts, container, network);
  });
}

async function disconnectRunning(
  parts: ContainerParts,
  container: Container,
  network: string,
): Promise<void> {
  const pid = container.run?.shim.pid ?? 0;
  await parts.networks.disconnect({ containerId: container.id, network, pid });
  const { [network]: left, ...endpoints } = container.state.endpoints;
  await container.change({ endpoints });
  if (left !== undefined)
    publishNetworks(parts, container, { action: 'disconnect', endpoints: { [network]: left } });
}
