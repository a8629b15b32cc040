import { appendFile, rm } from 'node:fs/promises';
import type { Endpoint } from '../network/network.ts';
import { planBundle } from '../runtime/bundle.ts';
import type { BundleRequest } from '../runtime/bundle-request.ts';
import type { RunningShim } from '../runtime/runtime.ts';
import { writeJson } from '../store/json-file.ts';
import { cgroupPath } from './cgroup-files.ts';
import type { Container } from './container.ts';
import { nowText } from './container-state.ts';
import { attachNetworks } from './endpoints.ts';
import { joinedNamespaces } from './joined-namespaces.ts';
import { planLog } from './log-driver.ts';
import { resolveMounts } from './mount-sources.ts';
import { nameFilesOf, writeNameFiles } from './name-files.ts';
import { publishNetworks, publishVolumes } from './part-events.ts';
import type { ContainerParts } from './parts.ts';

/**
 * Creates and starts a container's process: bundle → shim → network → exec. On failure nothing of the run stays.
 */
export async function startProcess(
  parts: ContainerParts,
  container: Container,
): Promise<{ shim: RunningShim; startedAt: string }> {
  const { config, hostConfig, layers, id } = container.definition;
  const mounts = await resolveMounts(parts, container.definition.mounts);
  await writeNameFiles(parts, container);
  const join = joinedNamespaces(parts, container);
  const cgroup = cgroupPath(parts, container.definition);
  const request: BundleRequest = {
    id,
    cgroup,
    config,
    hostConfig,
    hostname: hostConfig.UTSMode === 'host' ? '' : (config.Hostname ?? ''),
    files: nameFilesOf(parts, container),
    mounts,
    ...(Object.keys(join).length > 0 ? { join } : {}),
    host: parts.host,
    initProgram: parts.initProgram,
  };
  await writeJson(container.files.config, planBundle(request), { durable: false });
  // The record of an earlier run must not be taken for this one's after a crash.
  await rm(container.files.exit, { force: true });
  const plan = await parts.layers.plan({
    layers,
    upper: container.files.upper,
    work: container.files.work,
    volatile: hostConfig.AutoRemove ?? false,
    readOnly: hostConfig.ReadonlyRootfs ?? false,
  });
  const shim = await parts.runtime.create({
    id,
    cgroup,
    plan,
    stdin: config.OpenStdin ?? false,
    stdinOnce: config.StdinOnce ?? false,
    terminal: config.Tty ?? false,
    log: planLog(container.definition),
  });
  try {
    const endpoints = await attachNetworks(parts, container, shim.pid);
    await addOwnAddress(container, endpoints);
    publishNetworks(parts, container, { action: 'connect', endpoints });
    publishVolumes(parts, container, 'mount');
    await container.change({ phase: 'starting', pid: shim.pid, endpoints });
    // Before its first output, so that the run's lines in the log are those from here on.
    const startedAt = nowText();
    await shim.start();
    return { shim, startedAt };
  } catch (error) {
    await abandon(parts, container, shim);
    throw error;
  }
}

/** Ends a process that was created and never ran. */
async function abandon(parts: ContainerParts, container: Container, shim: RunningShim): Promise<void> {
  await shim.delete();
  await parts.networks.detach(container.id);
  if (container.state.phase !== 'starting') return;
  publishNetworks(parts, container, { action: 'disconnect', endpoints: container.state.endpoints });
  publishVolumes(parts, container, 'unmount');
}

/** Appends in place: the file is bound into the container already, a rename would leave the old one there. */
async function addOwnAddress(container: Container, endpoints: Record<string, Endpoint>): Promise<void> {
  const { config } = container.definition;
  for (const endpoint of Object.values(endpoints)) {
    if (endpoint.ipv4Address === '') continue;
    const names = config.Domainname
      ? `${config.Hostname}.${config.Domainname} ${config.Hostname}`
      : config.Hostname;
    await appendFile(container.files.hosts, `${endpoint.ipv4Address}\t${names ?? ''}\n`);
  }
}
